"""The REST API's part of evidence."""

from __future__ import annotations

import json

import pytest

from sandbox.factories import numbers, write_solution, write_suite
from sandbox.test_rerun import asked_by, outcome_of, say, take
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.sandbox import rerun, services
from sild.sandbox.engine import draw
from sild.sandbox.evidence_models import Rerun
from sild.sandbox.execution import execute_run

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def agency(db):
    return Agency.objects.create(slug="ria", name="Example agency")


@pytest.fixture
def run(tallinn, agency, tmp_path):
    publisher = Actor(who="mari", role=Role.PUBLISHER, agency=agency)
    solution = services.register(publisher, write_solution(tmp_path / "s"))
    suite = services.add_suite(publisher, write_suite(tmp_path / "t", numbers(20)))
    return execute_run(services.start_run(publisher, solution, suite))


@pytest.fixture
def call(client, operator, agency, tallinn):
    _token, secret = people.issue_token(operator, "machine", Role.PUBLISHER, agency=agency)

    def call(method, address, body=None, status=200):
        answer = client.generic(
            method,
            f"/api/v1/sandbox/{address}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == status, answer.content
        return answer

    return call


def test_reports_come_in_every_form(call, run):
    assert call("GET", f"runs/{run.pk}/statement").json()["predicate"]["result"] == "PASSED"
    assert call("GET", f"runs/{run.pk}/ai-act").json()["points"]
    assert call("GET", f"runs/{run.pk}/report.pdf?language=uk").content.startswith(b"%PDF-1.7")
    call("GET", f"runs/{run.pk}/report.pdf?language=fr", status=422)
    lines = b"".join(call("GET", f"runs/{run.pk}/evidence").streaming_content)
    assert lines.count(b"\n") == 21


def test_a_watch_is_set_listed_and_ended(call, run):
    made = call("POST", "watches", {"run": str(run.pk), "bound": 0.1}, status=201).json()
    assert (made["every_hours"], made["state"], made["ended"]) == (24, "", None)
    assert call("GET", "watches").json()["count"] == 1
    assert call("POST", f"watches/{made['id']}/end").json()["ended"]
    call("POST", f"watches/{made['id']}/end", status=409)


def test_a_re_run_goes_its_way(call, kyiv, run, agency):
    publisher = Actor(who="mari", role=Role.PUBLISHER, agency=agency)
    report = services.publish_report(publisher, run, audience=["kyiv"], tlp="GREEN")
    secret = draw.random_hex()
    asked_by(kyiv, report, secret)
    found = Rerun.objects.get()
    assert call("POST", f"reruns/{found.pk}/answer").json()["state"] == "answered"
    found = rerun.find(publisher, str(found.pk))
    say(kyiv, rerun.OUTCOME, found.answer, outcome_of(found, run, secret))
    assert call("POST", f"reruns/{found.pk}/show").json()["state"] == "shown"
    assert call("GET", "reruns").json()["items"][0]["side"] == "checked"
    kyiv.publish(run.report, kind="sandbox.report", subject="echo 1.0")
    [theirs] = take(kyiv)
    asked = call("POST", "reruns", {"report": str(theirs.pk), "samples": 3}, status=201).json()
    call("POST", f"reruns/{asked['id']}/execute", status=409)
    call("POST", f"reruns/{asked['id']}/verdict", {"verdict": "countersigned"}, status=409)
