"""The sandbox's part of the REST API."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from sandbox.factories import numbers, write_solution, write_suite
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.sandbox import services

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def call(client, tallinn, operator, tmp_path):
    """A machine with a token of an agency that has a solution and a suite."""
    agency = Agency.objects.create(slug="ria", name="Example agency")
    _token, secret = people.issue_token(operator, "machine", Role.EDITOR, agency=agency)
    editor = Actor(who="mari", role=Role.EDITOR, agency=agency)
    services.register(editor, write_solution(tmp_path / "s"))
    services.add_suite(editor, write_suite(tmp_path / "t", numbers(20)))

    def call(method, address, body=None, status=200):
        answer = client.generic(
            method,
            f"/api/v1/sandbox/{address}",
            "" if body is None else body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == status, answer.content
        return answer.json()

    return call


def test_a_machine_starts_a_run_and_reads_its_report(call):
    assert [row["name"] for row in call("GET", "solutions")["items"]] == ["echo"]
    assert [row["samples"] for row in call("GET", "suites")["items"]] == [20]
    started = call("POST", "runs", '{"solution": "echo", "suite": "copy@1.0"}', 201)
    assert (started["state"], started["attempt"]) == ("waiting", 1)
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)
    found = call("GET", f"runs/{started['id']}")
    assert (found["state"], found["report"]["passed"]) == ("finished", True)
    assert call("GET", "runs")["count"] == 1


def test_a_run_is_cancelled_and_resumed(call):
    started = call("POST", "runs", '{"solution": "echo", "suite": "copy"}', 201)
    assert call("POST", f"runs/{started['id']}/cancel")["state"] == "cancelled"
    assert call("POST", f"runs/{started['id']}/cancel", status=409)["code"] == "run-state"
    assert call("POST", f"runs/{started['id']}/resume")["state"] == "waiting"


def test_a_level_is_asked_for_and_one_that_does_not_fit_is_refused(call):
    started = call("POST", "runs", '{"solution": "echo", "suite": "copy", "level": "L2"}', 201)
    assert started["level"] == "L2"
    refused = call("POST", "runs", '{"solution": "echo", "suite": "copy", "level": "L0"}', 400)
    assert refused["code"] == "isolation"


def test_what_is_not_there_is_a_problem_with_a_code(call):
    assert call("POST", "runs", '{"solution": "none", "suite": "copy"}', 404)["code"] == "not-found"
    assert call("GET", "runs/00000000-0000-0000-0000-000000000000", status=404)["code"] == "not-found"
    call("POST", "runs", '{"solution": "echo"}', 422)


def test_without_a_token_there_is_nothing(client, tallinn, db):
    assert client.get("/api/v1/sandbox/runs").status_code == 401


def test_a_machine_registers_nothing_without_the_right_to_publish_and_sees_what_was_asked(call):
    call("POST", "registrations", '{"solution": "echo", "suite": "copy"}', 403)
    assert call("GET", "registrations")["count"] == 0
    assert call("GET", "sealed/requests")["count"] == 0
    call("POST", "sealed/requests/0190a1f0-0000-7000-8000-000000000000/accept", "", 404)
