"""A partner's report run again here, and ours run again by a partner: what each step asks, and what is refused."""

from __future__ import annotations

import json

import pytest

from sandbox.factories import ECHO, numbers, write_solution, write_suite
from sild.exchange import kinds
from sild.exchange.incoming import import_page
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.sandbox import rerun, rerun_bodies, rerun_execution, results, services
from sild.sandbox.engine import draw, samples
from sild.sandbox.engine.result import Result
from sild.sandbox.enums import RerunState, Side
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.evidence_models import Rerun
from sild.sandbox.execution import execute_run

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

COUNT = 5


def take(peer):
    """Import what the partner numbered since."""
    done = import_page(peer.partner, peer.page(after=peer.partner.position, have=peer.partner.their_size))
    assert done.refused == [], [str(one) for one in done.refused]
    return done.records


@pytest.fixture
def run(operator, solution, suite):
    return execute_run(services.start_run(operator, solution, suite))


@pytest.fixture
def theirs(kyiv, run):
    """The run's report, as if the partner had made and published it."""
    kyiv.publish(run.report, kind="sandbox.report", subject="echo 1.0")
    [record] = take(kyiv)
    return record


def say(peer, kind, answers, body):
    peer.publish(body, kind=kind, subject="echo 1.0")
    [record] = take(peer)
    return record


def answered(peer, operator, report):
    asked = rerun.request(operator, report, COUNT)
    body = {"report": report.reference, "request": asked.request.reference, "random": draw.random_hex()}
    say(peer, rerun.ANSWER, asked.request, body)
    asked.refresh_from_db()
    return asked


def proofs_of(run, asked):
    found = list(results.of(run))
    return samples.prove_some(found, {one["index"]: () for one in asked.outcome.body["samples"]})


def shown(peer, operator, report, run, change=lambda proofs: proofs):
    asked = rerun_execution.execute(answered(peer, operator, report))
    proofs = change(proofs_of(run, asked))
    say(
        peer,
        rerun.SHOWN,
        asked.outcome,
        {"report": report.reference, "outcome": asked.outcome.reference, "samples": proofs},
    )
    asked.refresh_from_db()
    return asked


def test_a_report_is_countersigned_when_the_drawn_samples_come_out_the_same(kyiv, operator, theirs, run):
    asked = shown(kyiv, operator, theirs, run)
    assert (asked.state, asked.differences) == (RerunState.SHOWN, [])
    outcome = asked.outcome.body
    assert draw.commitment(theirs.hash, outcome["secret"]) == asked.request.body["commitment"]
    assert outcome["secret"] not in bytes(asked.request.raw).decode()
    judged = rerun.judge(operator, asked, countersign=True)
    assert judged.state == RerunState.COUNTERSIGNED
    assert judged.verdict.answers_id == theirs.pk
    assert judged.verdict.body["equal"] == COUNT
    with pytest.raises(StateError):
        rerun.judge(operator, judged, countersign=True)


def test_what_came_out_otherwise_is_listed_and_disputed_with_a_reason(kyiv, operator, solution, tmp_path, db):
    """The partner's report says that everything was right, of a solution that answers otherwise here."""
    wrong = services.register(
        operator, write_solution(tmp_path / "w", ECHO.replace('asked["input"]', "0"), name="zero")
    )
    suite = services.add_suite(operator, write_suite(tmp_path / "t", numbers(40)))
    honest = execute_run(services.start_run(operator, solution, suite))
    claimed = honest.report | {"solution": honest.report["solution"] | {"digest": wrong.digest, "name": "zero"}}
    kyiv.publish(claimed, kind="sandbox.report", subject="zero 1.0")
    [report] = take(kyiv)
    asked = shown(kyiv, operator, report, honest)
    assert {one["what"] for one in asked.differences} == {"score"}
    with pytest.raises(StateError, match="why"):
        rerun.judge(operator, asked, countersign=False)
    judged = rerun.judge(operator, asked, countersign=False, comment="It answers 0 to everything.")
    assert judged.state == RerunState.DISPUTED
    assert judged.verdict.body["differences"] == asked.differences


@pytest.mark.parametrize(
    "forge",
    [
        lambda proofs: [proofs[0] | {"line": proofs[0]["line"].replace('"score":1.0', '"score":0.0')}, *proofs[1:]],
        lambda proofs: proofs[1:],
        lambda proofs: [{"index": "x"}, *proofs[1:]],
    ],
)
def test_what_does_not_belong_to_the_report_cannot_be_countersigned(kyiv, operator, theirs, run, forge):
    asked = shown(kyiv, operator, theirs, run, forge)
    assert [one["what"] for one in asked.differences] == ["proof"]
    with pytest.raises(StateError, match="belong"):
        rerun.judge(operator, asked, countersign=True, comment="never mind")


def test_what_is_never_shown_can_be_disputed(kyiv, operator, theirs):
    asked = rerun_execution.execute(answered(kyiv, operator, theirs))
    with pytest.raises(StateError, match="state"):
        rerun.judge(operator, asked, countersign=True)
    judged = rerun.judge(operator, asked, countersign=False, comment="Nothing was shown for a month.")
    assert judged.verdict.body["shown"] is None
    assert len(judged.differences) == COUNT


def test_only_a_partners_report_and_some_of_its_samples_can_be_asked_for(kyiv, operator, editor, theirs, run):
    own = services.publish_report(operator, run, audience=["kyiv"], tlp="GREEN")
    with pytest.raises(StateError, match="partner"):
        rerun.request(operator, own)
    for samples_wanted in (0, 301):
        with pytest.raises(StateError, match="300"):
            rerun.request(operator, theirs, samples_wanted)
    with pytest.raises(NotAllowedError):
        rerun.request(editor, theirs)
    with pytest.raises(NotFoundError):
        rerun.find(operator, "00000000-0000-7000-8000-000000000000")


def test_nothing_is_run_before_the_draw_is_fixed_or_without_the_suite(kyiv, operator, theirs, run, tmp_path):
    asked = rerun.request(operator, theirs, COUNT)
    with pytest.raises(StateError, match="fixed"):
        rerun_execution.execute(asked)
    elsewhere = run.report | {"suite": run.report["suite"] | {"digest": "sha256:" + "0" * 64}}
    kyiv.publish(elsewhere, kind="sandbox.report", subject="echo 1.0")
    [report] = take(kyiv)
    with pytest.raises(NotFoundError, match=r"copy 1\.0"):
        rerun_execution.execute(answered(kyiv, operator, report))


def test_a_second_answer_changes_nothing(kyiv, operator, theirs):
    asked = answered(kyiv, operator, theirs)
    body = {"report": theirs.reference, "request": asked.request.reference, "random": draw.random_hex()}
    say(kyiv, rerun.ANSWER, asked.request, body)
    again = Rerun.objects.get(pk=asked.pk)
    assert again.answer_id == asked.answer_id


# The other side: our report is run again by the partner.


@pytest.fixture
def ours(kyiv, operator, run):
    return services.publish_report(operator, run, audience=["kyiv"], tlp="GREEN")


def asked_by(peer, report, secret, count=COUNT):
    body = {
        "report": report.reference,
        "commitment": draw.commitment(report.hash, secret),
        "samples": count,
        "attempt": 1,
    }
    return say(peer, rerun.REQUEST, report, body)


def outcome_of(found, run, secret, **changes):
    """What an honest partner would tell, or with some changes a dishonest one."""
    random = found.answer.body["random"]
    seed = draw.seed(found.report.hash, found.request.hash, secret, random)
    all_results = list(results.of(run))
    drawn = draw.draw(seed, len(all_results), found.samples)
    return {
        "report": found.report.reference,
        "request": found.request.reference,
        "answer": found.answer.reference,
        "random": random,
        "secret": secret,
        "seed": seed,
        "leaves": len(all_results),
        "isolation": {"level": "L1", "backend": "bubblewrap"},
        "started": "2026-01-01T00:00:00Z",
        "ended": "2026-01-01T00:01:00Z",
        "sild": "1",
        "samples": [{"index": index, "leaf": all_results[index].leaf().decode()} for index in drawn],
        **changes,
    }


def test_we_answer_show_what_was_drawn_with_proofs_and_keep_the_verdict(kyiv, operator, ours, run):
    secret = draw.random_hex()
    asked_by(kyiv, ours, secret)
    found = Rerun.objects.get()
    assert (found.side, found.state, found.partner) == (Side.CHECKED, RerunState.ASKED, "kyiv")
    with pytest.raises(StateError):
        rerun.show(operator, found)
    found = rerun.answer(operator, found)
    outcome = say(kyiv, rerun.OUTCOME, found.answer, outcome_of(found, run, secret))
    found = rerun.show(operator, rerun.find(operator, str(found.pk)))
    for proof in found.shown.body["samples"]:
        line = samples.check(proof, run.report["results"]["root"], 300)
        assert Result.parse(line.encode()).score == 1
    verdict = {
        "report": ours.reference,
        "outcome": outcome.reference,
        "shown": found.shown.reference,
        "verdict": "countersigned",
        "samples": COUNT,
        "equal": COUNT,
        "differences": [],
        "comment": "",
        "method": rerun_bodies.METHOD,
        "statement": rerun_bodies.STATEMENT,
    }
    say(kyiv, rerun.VERDICT, ours, verdict)
    found.refresh_from_db()
    assert found.state == RerunState.COUNTERSIGNED
    assert Record.objects.filter(kind=rerun.VERDICT, issuer="kyiv").count() == 1


def test_an_outcome_of_another_secret_is_kept_with_what_is_wrong_and_shown_nothing(kyiv, operator, ours, run):
    asked_by(kyiv, ours, draw.random_hex())
    found = rerun.answer(operator, Rerun.objects.get())
    say(kyiv, rerun.OUTCOME, found.answer, outcome_of(found, run, draw.random_hex()))
    found = rerun.find(operator, str(found.pk))
    assert "another draw" in found.error
    with pytest.raises(StateError, match="another draw"):
        rerun.show(operator, found)


def test_whoever_does_not_tell_an_outcome_gets_no_second_draw(kyiv, operator, ours):
    """Else it could draw until it liked the samples."""
    asked_by(kyiv, ours, draw.random_hex())
    first = rerun.answer(operator, Rerun.objects.get())
    asked_by(kyiv, ours, draw.random_hex())
    second = Rerun.objects.exclude(pk=first.pk).get()
    with pytest.raises(StateError, match="earlier draw"):
        rerun.answer(operator, second)


def test_a_request_for_what_is_not_our_report_is_passed_over(kyiv, theirs):
    asked_by(kyiv, theirs, draw.random_hex())
    assert not Rerun.objects.exists()


def test_outputs_with_personal_data_stay_here_and_can_be_proved_later(kyiv, operator, solution, tmp_path):
    asked = [{"id": f"p{number}", "input": f"mari{number}@example.ee", "target": "x"} for number in range(3)]
    run = execute_run(
        services.start_run(operator, solution, services.add_suite(operator, write_suite(tmp_path / "p", asked)))
    )
    report = services.publish_report(operator, run, audience=["kyiv"], tlp="GREEN")
    secret = draw.random_hex()
    asked_by(kyiv, report, secret, 2)
    found = rerun.answer(operator, Rerun.objects.get())
    say(kyiv, rerun.OUTCOME, found.answer, outcome_of(found, run, secret))
    found = rerun.show(operator, rerun.find(operator, str(found.pk)))
    assert "example.ee" not in bytes(found.shown.raw).decode()
    proof = found.shown.body["samples"][0]
    assert proof["withheld"] == ["email"]
    leaf = samples.check(proof, run.report["results"]["root"], 3)
    name = json.loads(leaf)["id"]
    salt = results.salt_of(run, name)
    assert samples.opens(leaf, f"mari{name[1:]}@example.ee", salt)
    assert not samples.opens(leaf, "jaan@example.ee", salt)
    with pytest.raises(NotFoundError):
        results.salt_of(run, "nobody")


def test_agencies_see_their_own_re_runs(kyiv, operator, stranger, theirs):
    publisher = Actor(who="mari", role=Role.PUBLISHER, agency=stranger.agency)
    made = rerun.request(publisher, theirs, COUNT)
    assert rerun.find(publisher, str(made.pk)) == made
    assert rerun.acting(made).agency == stranger.agency
    with pytest.raises(NotFoundError):
        rerun.find(Actor(who="x", role=Role.VIEWER, agency=None), str(made.pk))


@pytest.mark.parametrize(
    ("kind", "change", "why"),
    [
        (rerun.OUTCOME, {"seed": "0" * 64}, "seed is not the one"),
        (rerun.OUTCOME, {"leaves": 10}, "not those that the seed draws"),
        (rerun.VERDICT, {"equal": 3}, "not all samples"),
        (rerun.VERDICT, {"shown": None}, "not countersigned"),
        (rerun.VERDICT, {"statement": "It conforms."}, "statement"),
    ],
)
def test_records_that_contradict_themselves_are_refused(kyiv, operator, theirs, run, kind, change, why):
    asked = rerun.judge(operator, shown(kyiv, operator, theirs, run), countersign=True)
    body = (asked.outcome if kind == rerun.OUTCOME else asked.verdict).body
    kinds.require(kind).validate(body)
    with pytest.raises(ValueError, match=why):
        kinds.require(kind).validate(body | change)
