"""Sealed suites: a partner's solution is tested, and nothing that leaves holds an item."""

from __future__ import annotations

import json

import pytest

from sandbox.factories import ECHO, write_solution, write_suite
from sild.exchange import blobs, outgoing, own
from sild.exchange.incoming import import_page
from sild.exchange.models import Attachment, Record, Refusal
from sild.people.errors import NotAllowedError
from sild.sandbox import sealed, services
from sild.sandbox.agreements import Request
from sild.sandbox.engine import pack
from sild.sandbox.engine.solution import load
from sild.sandbox.enums import RequestState
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.execution import execute_run
from sild.sandbox.models import Run
from sild.trust.identity import Identity
from sild.trust.record import Reference

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# It repeats what it is asked wherever it can, and counts it out in faults, error output and its exit status.
THIEF = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    text = asked["input"]
    print(text)
    print(json.dumps({"id": text, "output": text}))
    print(text, file=sys.stderr)
    told = {"id": asked["id"], "output": text} if len(text) % 2 else {"id": asked["id"], "error": text}
    for _ in range(ord(text[7])):
        print(json.dumps(told))
    sys.stdout.flush()
os._exit(ord("k"))
"""


def items(count=40):
    """Items with words that occur nowhere else."""
    return [
        {
            "id": f"secretid{number:03}",
            "input": f"qzxwvk{'x' * (number % 2)}{number:03} jälgimatu küsimus",
            "target": f"vastusqj{number:03}",
            "slices": {"group": "a" if number < 4 else "b" if number < 20 else "c"},
        }
        for number in range(count)
    ]


@pytest.fixture
def offered(kyiv, operator, tmp_path):
    suite = services.add_suite(operator, write_suite(tmp_path / "sealed", items(), name="hidden"))
    return sealed.offer(operator, suite, audience=["kyiv"], tlp="AMBER", submissions=2, smallest=5)


def deliver(kyiv):
    """What the partner published arrives here, sealed for this node."""
    kyiv.partner.refresh_from_db()
    have = getattr(kyiv, "delivered", 0)
    kyiv.delivered = len(kyiv.leaves)
    ours = Identity.parse(own.node_keys().identity_document(), on=None)
    return import_page(kyiv.partner, kyiv.page(after=have, have=have, seal_for=ours))


def send(kyiv, offered, tmp_path, code=THIEF, **changes):
    """The partner's request arrives, with the package."""
    folder = write_solution(tmp_path / f"thief{len(kyiv.leaves)}", code, version=f"1.{len(kyiv.leaves)}")
    package, loaded = pack.pack(folder), load(folder)
    blobs.put(package)
    body = {
        "suite": offered.suite.digest,
        "solution": {
            "digest": loaded.digest,
            "package": blobs.hash_of(package),
            "description": loaded.form.model_dump(mode="json"),
        },
        **changes,
    }
    answers = Reference(**Record.objects.get(pk=offered.record_id).reference)
    kyiv.publish(body, kind="sandbox.request", subject="thief", tlp="AMBER", audience=["tallinn"], answers=answers)
    deliver(kyiv)
    return Request.objects.order_by("-created").first()


def all_that_leaves(kyiv):
    """Everything that the partner can fetch, opened as the partner opens it."""
    page = outgoing.page(kyiv.partner, after=0, have=0)
    opened = [json.dumps(page).encode()]
    for record in Record.objects.filter(received__isnull=True):
        opened.append(bytes(record.raw))
        opened += [blobs.read(one.hash) for one in Attachment.objects.filter(record=record)]
    return b"\n".join(opened)


def test_what_leaves_holds_no_item_though_the_solution_says_them_everywhere(kyiv, operator, offered, tmp_path):
    asked = send(kyiv, offered, tmp_path)
    run = execute_run(sealed.accept(operator, asked))
    assert b"qzxwvk" in json.dumps(run.report).encode()  # the report that stays holds them, so the search can find them
    record = sealed.answer(operator, asked)
    left = all_that_leaves(kyiv)
    assert bytes(record.raw) in left
    for item in items():
        for word in (item["id"], item["target"], item["input"].split()[0]):
            assert word.encode() not in left
    assert "jälgimatu".encode() not in left
    assert json.dumps("jälgimatu")[1:-1].encode() not in left


def test_what_the_solution_could_count_out_leaves_neither(kyiv, operator, offered, tmp_path):
    asked = send(kyiv, offered, tmp_path)
    run = execute_run(sealed.accept(operator, asked))
    body = sealed.answer(operator, asked).body
    outcome = body["outcome"]
    assert set(outcome) == {"passed", "verdicts", "metrics", "withheld", "faults", "isolation", "commitment"}
    assert "duplicate" in outcome["faults"]
    assert not {"latency_p50_ms", "cpu_ms_per_answer"} & {one["name"] for one in outcome["metrics"]}
    assert run.report["results"]["sha256"] not in json.dumps(body)
    assert (body["submission"], body["submissions"], body["reason"]) == (1, 2, None)


def test_small_groups_are_withheld_and_cannot_be_computed_from_the_others(kyiv, operator, offered, tmp_path):
    asked = send(kyiv, offered, tmp_path, ECHO)
    execute_run(sealed.accept(operator, asked))
    outcome = sealed.answer(operator, asked).body["outcome"]
    assert {one["slice"] for one in outcome["metrics"]} == {"", "group=c"}
    assert outcome["withheld"] >= 2


def test_the_limit_counts_every_submission_and_the_answer_says_only_that(kyiv, operator, offered, tmp_path):
    first, second, third = (send(kyiv, offered, tmp_path, ECHO) for _ in range(3))
    sealed.decline(operator, first)
    assert [one.state for one in (second, third)] == [RequestState.WAITING, RequestState.OVER]
    with pytest.raises(StateError, match="decided"):
        sealed.accept(operator, third)
    body = sealed.answer(operator, third).body
    assert (body["outcome"], body["reason"], body["submission"]) == (None, "limit", 3)
    assert sealed.answer(operator, first).body["reason"] == "declined"
    with pytest.raises(StateError, match="answered already"):
        sealed.answer(operator, first)


def test_a_failed_run_is_answered_without_its_sentence(kyiv, operator, offered, tmp_path):
    asked = send(kyiv, offered, tmp_path, ECHO)
    run = sealed.accept(operator, asked)
    with pytest.raises(StateError, match="not finished"):
        sealed.answer(operator, asked)
    services.cancel_run(operator, run)
    asked.refresh_from_db()
    assert sealed.answer(operator, asked).body["reason"] == "failed"


def test_a_request_for_what_was_not_offered_or_not_to_that_partner_is_left_alone(kyiv, operator, offered, tmp_path):
    assert send(kyiv, offered, tmp_path, suite="sha256:" + "1" * 64) is None
    Record.objects.filter(pk=offered.record_id).update(audience=["riga"])
    assert send(kyiv, offered, tmp_path) is None
    assert not Refusal.objects.exists()


def test_reports_on_a_sealed_suite_are_not_published_and_published_ones_are_not_sealed(
    kyiv, operator, offered, solution, suite
):
    run = execute_run(services.start_run(operator, solution, offered.suite))
    with pytest.raises(StateError, match="sealed"):
        services.publish_report(operator, run, audience="partners", tlp="GREEN")
    services.publish_report(
        operator, execute_run(services.start_run(operator, solution, suite)), audience="partners", tlp="GREEN"
    )
    with pytest.raises(StateError, match="sealed no more"):
        sealed.offer(operator, suite, audience="partners", tlp="GREEN")
    with pytest.raises(StateError, match="sealed already"):
        sealed.offer(operator, offered.suite, audience="partners", tlp="GREEN")


def test_a_suite_too_small_or_with_a_threshold_on_a_small_group_is_not_sealed(kyiv, operator, tmp_path):
    small = services.add_suite(operator, write_suite(tmp_path / "few", items(4)))
    with pytest.raises(StateError, match="fewer items"):
        sealed.offer(operator, small, audience="partners", tlp="GREEN")
    threshold = [{"metric": "accuracy", "at_least": 0.5, "slice": "group=a"}]
    grouped = services.add_suite(operator, write_suite(tmp_path / "grouped", items(), thresholds=threshold))
    with pytest.raises(StateError, match="group=a"):
        sealed.offer(operator, grouped, audience="partners", tlp="GREEN")


def test_others_on_the_node_neither_see_nor_decide_requests(kyiv, editor, operator, tmp_path, stranger):
    suite = services.add_suite(editor, write_suite(tmp_path / "mine", items(), name="hidden"))
    offered = sealed.offer(operator, suite, audience=["kyiv"], tlp="AMBER", submissions=2, smallest=5)
    offered.agency = editor.agency
    offered.save()
    asked = send(kyiv, offered, tmp_path)
    assert sealed.find(editor, str(asked.pk)) == asked
    with pytest.raises(NotFoundError):
        sealed.find(stranger, str(asked.pk))
    viewer = type(editor)(who="v", role=type(editor.role).VIEWER, agency=editor.agency)
    for step in (sealed.accept, sealed.decline, sealed.answer):
        with pytest.raises((NotAllowedError, StateError)):
            step(viewer, asked)
    assert Run.objects.count() == 0


def test_asking_a_partner_sends_the_package_to_it_alone(kyiv, operator, solution, offered):
    with pytest.raises(StateError, match="no partner's offer"):
        sealed.request(operator, solution, Record.objects.get(pk=offered.record_id))
    body = Record.objects.get(pk=offered.record_id).body
    kyiv.publish(body, kind="sandbox.offer", subject="hidden 1.0", tlp="AMBER", audience=["tallinn"])
    [theirs] = deliver(kyiv).records
    record = sealed.request(operator, solution, theirs)
    assert (record.audience, record.answers_id) == (["kyiv"], theirs.pk)
    assert Attachment.objects.get(record=record).hash == solution.package


def test_a_partners_answer_is_kept_or_refused_by_its_form(kyiv, operator, offered, tmp_path):
    asked = send(kyiv, offered, tmp_path, ECHO)
    execute_run(sealed.accept(operator, asked))
    body = sealed.answer(operator, asked).body
    for changed in (body, body | {"reason": "failed"}, body | {"outcome": body["outcome"] | {"passed": True}}):
        kyiv.publish(changed, kind="sandbox.sealed-report", subject="echo")
    deliver(kyiv)
    assert Record.objects.filter(kind="sandbox.sealed-report", received__isnull=False).count() == 1
    assert Refusal.objects.count() == 2
