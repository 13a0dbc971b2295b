"""Registration before a run: what the report says of it, and that new thresholds do not begin anew."""

from __future__ import annotations

import pytest

from sandbox.factories import numbers, write_suite
from sild.exchange.incoming import import_page
from sild.exchange.models import Record, Refusal
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.sandbox import registration, services
from sild.sandbox.engine import report as reports
from sild.sandbox.errors import StateError
from sild.sandbox.execution import execute_run
from sild.sandbox.models import Run

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def small(tallinn, operator, tmp_path):
    return services.add_suite(operator, write_suite(tmp_path / "small", numbers(5)))


def register(operator, solution, suite):
    return registration.preregister(operator, solution, suite, audience="partners", tlp="GREEN")


def test_a_registered_run_names_the_record_and_all_attempts(kyiv, operator, solution, small):
    made = register(operator, solution, small)
    assert register(operator, solution, small) == made
    first = execute_run(services.start_run(operator, solution, small)).report
    second = execute_run(services.start_run(operator, solution, small)).report["registration"]
    told = first["registration"]
    assert (told["state"], told["record"], told["hash"]) == ("registered", str(made.record_id), made.record_hash)
    assert [one["attempt"] for one in second["attempts"]] == [1, 2]
    assert [one["passed"] for one in second["attempts"]] == [True, None]
    body = Record.objects.get(pk=made.record_id).body
    assert body["thresholds"][0]["at_least"] == 0.9
    assert body["earlier_attempts"] == 0


def test_a_run_without_registration_says_so_and_a_later_registration_does_not_count(kyiv, operator, solution, small):
    run = services.start_run(operator, solution, small)
    register(operator, solution, small)
    assert execute_run(run).report["registration"]["state"] == "none"


def test_other_thresholds_than_the_registered_ones_are_named_and_the_earlier_attempts_stay(
    kyiv, operator, solution, small, tmp_path
):
    register(operator, solution, small)
    execute_run(services.start_run(operator, solution, small))
    easier = services.add_suite(
        operator, write_suite(tmp_path / "easier", numbers(5), name="renamed", threshold=("accuracy", 0.1))
    )
    report = execute_run(services.start_run(operator, solution, easier)).report
    told = report["registration"]
    assert told["state"] == "other-thresholds"
    assert told["thresholds_digest"] == small.description["thresholds_digest"]
    assert [one["suite"] for one in told["attempts"]] == [small.digest, easier.digest]


def test_the_same_thresholds_in_another_suite_are_told_apart(kyiv, operator, solution, small, tmp_path):
    register(operator, solution, small)
    other = services.add_suite(operator, write_suite(tmp_path / "other", numbers(5), seed=8))
    told = execute_run(services.start_run(operator, solution, other)).report["registration"]
    assert told["state"] == "other-suite"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "none"}, "names a registration"),
        ({"record": ""}, "no record"),
        ({"registered": "2099-01-01T00:00:00Z"}, "younger"),
        ({"state": "other-suite"}, "other digests"),
        ({"thresholds_digest": "sha256:" + "0" * 64}, "other digests"),
    ],
)
def test_a_report_that_contradicts_its_registration_is_refused(kyiv, operator, solution, small, change, words):
    register(operator, solution, small)
    report = execute_run(services.start_run(operator, solution, small)).report
    reports.check(report)
    with pytest.raises(ValueError, match=words):
        reports.check(report | {"registration": report["registration"] | change})


def test_a_viewer_registers_nothing_and_a_suite_from_before_is_added_again(kyiv, operator, editor, solution, small):
    with pytest.raises(NotAllowedError):
        register(Actor(who="v", role=Role.VIEWER, agency=editor.agency), solution, small)
    small.description.pop("data_sha256")
    with pytest.raises(StateError, match="Add its folder again"):
        register(operator, solution, small)
    assert Run.objects.count() == 0


def test_a_partners_registration_is_kept_when_its_thresholds_fit_their_digest(kyiv, operator, solution, small):
    body = Record.objects.get(pk=register(operator, solution, small).record_id).body
    kyiv.publish(body, kind="sandbox.registration", subject="echo 1.0")
    kyiv.publish(body | {"thresholds": body["thresholds"] * 2}, kind="sandbox.registration", subject="echo 1.0")
    assert len(import_page(kyiv.partner, kyiv.page()).records) == 1
    assert Refusal.objects.count() == 1
