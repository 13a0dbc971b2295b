"""Pages of evidence: downloads, re-runs, watches, the radar, and filters of samples."""

from __future__ import annotations

import io
import json

import pytest
from pypdf import PdfReader

from people.factories import MembershipFactory
from sandbox.factories import numbers, write_solution, write_suite
from sandbox.test_rerun import asked_by, outcome_of, say, take
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.sandbox import rerun, rerun_execution, results, services, watching
from sild.sandbox.engine import draw, evidence, samples
from sild.sandbox.enums import RerunState
from sild.sandbox.evidence_models import Rerun, Watch
from sild.sandbox.execution import execute_run

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def person(client, tallinn, db):
    membership = MembershipFactory(role=Role.PUBLISHER)
    client.force_login(membership.person)
    return Actor.of(membership.person)


@pytest.fixture
def run(person, tmp_path):
    groups = [one | {"slices": {"group": "ab"[one["input"] % 2]}} for one in numbers(30)]
    refused = {"id": "r", "input": "I am sorry, but I cannot help with that.", "target": "x", "slices": {"group": "a"}}
    solution = services.register(person, write_solution(tmp_path / "s"))
    suite = services.add_suite(person, write_suite(tmp_path / "t", [*groups, refused]))
    return execute_run(services.start_run(person, solution, suite))


def page(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def press(client, address, **fields):
    answer = client.post(address, fields, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def test_every_form_of_the_evidence_is_a_download(client, run):
    address = f"/sandbox/runs/{run.pk}/"
    shown = page(client, address)
    for name in ("statement", "ai-act", "evidence", "pdf"):
        assert f"{address}{name}/" in shown
    assert "Article 57(7)" in shown
    assert json.loads(page(client, f"{address}statement/"))["_type"] == "https://in-toto.io/Statement/v1"
    assert json.loads(page(client, f"{address}ai-act/"))["format"] == "sild-ai-act/1"
    answer = client.get(f"{address}pdf/?language=et")
    assert 'filename="report-' in answer["Content-Disposition"]
    assert PdfReader(io.BytesIO(answer.content)).root_object["/Lang"] == "et"
    assert PdfReader(io.BytesIO(client.get(f"{address}pdf/").content)).root_object["/Lang"] == "en"
    assert client.get(f"{address}pdf/?language=fr").status_code >= 400
    data = b"".join(client.get(f"{address}evidence/").streaming_content)
    assert evidence.verify(data).samples == 31


def test_samples_are_filtered_by_group_and_refusal_and_show_what_was_asked(client, run):
    address = f"/sandbox/runs/{run.pk}/samples/"
    refused = page(client, f"{address}?which=refused")
    assert refused.count("<tr>") == 2
    assert "I am sorry" in refused
    assert "1 for a match, else 0" in refused
    odd = page(client, f"{address}?which=all&slice=group%3Db")
    assert odd.count("<tr>") == 16
    assert '<option value="group=b" selected>' in odd


def test_two_runs_stand_on_a_radar_whose_letters_are_in_the_table(client, person, run, tmp_path):
    other = execute_run(services.start_run(person, run.solution, run.suite))
    shown = page(client, f"/sandbox/runs/{run.pk}/compare/?other={other.pk}")
    assert shown.count('<polygon class="sandbox-') == 2
    assert "<td>A</td><td>accuracy</td>" in shown
    client.cookies["django_language"] = "et"
    assert 'x="0.0"' in page(client, f"/sandbox/runs/{run.pk}/compare/?other={other.pk}")


def test_a_watch_is_set_tested_and_ended_by_clicks(client, run, mailoutbox):
    told = {"every_hours": 12, "bound": 0.1, "tlp": "GREEN", "to": "partners"}
    assert "Say how often" in press(client, f"/sandbox/runs/{run.pk}/watch/", **(told | {"bound": 2}))
    shown = press(client, f"/sandbox/runs/{run.pk}/watch/", **told)
    watch = Watch.objects.get()
    assert "not tested again yet" in shown
    assert watch.get_absolute_url() in page(client, f"/sandbox/runs/{run.pk}/")
    assert "is being tested again" in press(client, f"/sandbox/watches/{watch.pk}/test/")
    Watch.objects.update(
        state="drifted", findings={"samples": 31, "drop": 0.2, "low": 0.1, "high": 0.3, "p_value": 0.01}
    )
    assert "drift beyond the bound" in page(client, watch.get_absolute_url())
    assert "ended" in press(client, f"/sandbox/watches/{watch.pk}/end/")
    assert "drift beyond the bound" in page(client, "/sandbox/watches/")


def test_our_side_of_a_re_run_is_two_clicks(client, kyiv, person, run):
    report = services.publish_report(person, run, audience=["kyiv"], tlp="GREEN")
    assert "Nothing has been run again" in page(client, "/sandbox/reruns/")
    secret = draw.random_hex()
    asked_by(kyiv, report, secret)
    found = Rerun.objects.get()
    assert "Answer with random bytes" in page(client, found.get_absolute_url())
    press(client, f"/sandbox/reruns/{found.pk}/answer/")
    found = rerun.find(person, str(found.pk))
    say(kyiv, rerun.OUTCOME, found.answer, outcome_of(found, run, secret))
    assert "has not given its verdict" in press(client, f"/sandbox/reruns/{found.pk}/show/")
    assert "kyiv" in page(client, "/sandbox/reruns/")
    for record in Record.objects.filter(kind__startswith="sandbox.rerun"):
        page(client, record.get_absolute_url())


def test_the_other_side_asks_runs_and_countersigns_by_clicks(client, kyiv, person, run):
    kyiv.publish(run.report, kind="sandbox.report", subject="echo 1.0")
    [report] = take(kyiv)
    assert "Ask for a draw" in page(client, report.get_absolute_url())
    assert "Say how many" in press(client, f"/sandbox/reruns/request/{report.pk}/", samples="x")
    press(client, f"/sandbox/reruns/request/{report.pk}/", samples=4)
    asked = Rerun.objects.get()
    body = {"report": report.reference, "request": asked.request.reference, "random": draw.random_hex()}
    say(kyiv, rerun.ANSWER, asked.request, body)
    assert "being run again" in press(client, f"/sandbox/reruns/{asked.pk}/execute/")
    asked = rerun_execution.execute(rerun.find(person, str(asked.pk)))
    drawn = {one["index"]: () for one in asked.outcome.body["samples"]}
    proofs = samples.prove_some(list(results.of(run)), drawn)
    told = {"report": report.reference, "outcome": asked.outcome.reference, "samples": proofs}
    say(kyiv, rerun.SHOWN, asked.outcome, told)
    assert "All drawn samples came out the same." in page(client, asked.get_absolute_url())
    assert "Choose whether" in press(client, f"/sandbox/reruns/{asked.pk}/verdict/")
    assert "Countersigned" in page(client, f"/records/{self_judged(client, asked).verdict_id}/")


def self_judged(client, asked):
    press(client, f"/sandbox/reruns/{asked.pk}/verdict/", verdict="countersign")
    asked.refresh_from_db()
    assert asked.state == RerunState.COUNTERSIGNED
    return asked


def test_whoever_may_not_publish_sees_no_buttons(client, kyiv, run, person):
    watch = watching.start(person, run, every_hours=1, bound=0, tlp="GREEN", audience="partners")
    viewer = MembershipFactory(role=Role.VIEWER, agency=person.agency)
    client.force_login(viewer.person)
    assert "End the watch" not in page(client, watch.get_absolute_url())
    assert client.post(f"/sandbox/watches/{watch.pk}/end/").status_code == 403
    assert client.post(f"/sandbox/watches/{watch.pk}/test/").status_code == 403
