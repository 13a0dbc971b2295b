"""The watch over solutions in use: set, tested again, told when they drift, ended."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from sandbox.factories import numbers, write_solution, write_suite
from sild.exchange import kinds
from sild.exchange.models import Record
from sild.people.errors import NotAllowedError
from sild.sandbox import services, watch_tasks, watching
from sild.sandbox.agreements import Offer
from sild.sandbox.engine import runner
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.enums import Drift
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.evidence_models import Watch
from sild.sandbox.execution import execute_run
from sild.sandbox.models import Run

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# It answers rightly until the file that the test makes is there: a remote model that its owner replaced.
FICKLE = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "output": asked["input"] %s}), flush=True)
"""


@pytest.fixture
def run(tallinn, operator, tmp_path, db):
    solution = services.register(operator, write_solution(tmp_path / "s"))
    suite = services.add_suite(operator, write_suite(tmp_path / "t", numbers(60)))
    return execute_run(services.start_run(operator, solution, suite))


@pytest.fixture
def watch(run, operator):
    return watching.start(operator, run, every_hours=24, bound=0.05, tlp="GREEN", audience="partners")


def worsen(run, operator, tmp_path):
    """Let what the run was of answer otherwise from now on, as a model behind an endpoint can."""
    other = services.register(operator, write_solution(tmp_path / "w", FICKLE % "* 2", name="twice"))
    Run.objects.filter(pk=run.pk).update(solution=other)


def test_a_solution_that_answers_as_before_is_steady(watch, operator):
    tested = watch_tasks.retest_now(watching.find(operator, str(watch.pk)))
    assert (tested.state, tested.record) == (Drift.STEADY, None)
    assert tested.findings["drop"] == 0
    assert (tested.last.attempt, tested.last.started_by) == (2, "operator (job)")


def test_drift_is_published_once_and_again_only_after_it_was_gone(kyiv, watch, run, operator, tmp_path):
    worsen(run, operator, tmp_path)
    tested = watch_tasks.retest_now(watching.find(operator, str(watch.pk)))
    assert tested.state == Drift.DRIFTED
    body = tested.record.body
    kinds.require(watching.DRIFT).validate(body)
    assert (body["baseline"], body["bound"], body["state"], body["report"]) == (1.0, 0.05, "drifted", None)
    watch_tasks.retest_now(watching.find(operator, str(watch.pk)))
    assert Record.objects.filter(kind=watching.DRIFT).count() == 1
    with pytest.raises(ValueError, match="does not follow"):
        kinds.require(watching.DRIFT).validate(body | {"state": "steady"})


def test_drift_answers_the_report_that_it_undoes(kyiv, watch, run, operator, tmp_path):
    report = services.publish_report(operator, run, audience="partners", tlp="GREEN")
    worsen(run, operator, tmp_path)
    tested = watch_tasks.retest_now(watching.find(operator, str(watch.pk)))
    assert tested.record.answers_id == report.pk
    assert tested.record.body["report"] == report.reference


def test_a_test_that_cannot_be_made_is_red_and_tried_again(watch, operator, monkeypatch):
    def unable(_run):
        raise IsolationError("There is no isolation here.")

    monkeypatch.setattr(runner.Run, "execute", unable)
    tested = watch_tasks.retest_now(watching.find(operator, str(watch.pk)))
    assert (tested.state, tested.findings) == (Drift.FAILED, {"error": "There is no isolation here."})


def test_what_is_due_is_taken_by_one_and_tested_by_the_worker(watch, operator):
    assert watch_tasks.enqueue_due() == 0
    Watch.objects.update(due=timezone.now() - timedelta(minutes=1))
    assert watch_tasks.enqueue_due() == 1
    assert watch_tasks.enqueue_due() == 0
    watch.refresh_from_db()
    assert watch.due > timezone.now() + timedelta(hours=23)


@pytest.mark.django_db(transaction=True)
def test_the_worker_tests_what_is_due(watch):
    watch_tasks.retest.enqueue(str(watch.pk))
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)
    watch.refresh_from_db()
    assert watch.state == Drift.STEADY


def test_the_loop_looks_until_it_is_stopped_whatever_goes_wrong(watch, monkeypatch):
    monkeypatch.setattr(watch_tasks, "close_old_connections", lambda: None)
    looks = []

    def look():
        looks.append(1)
        if len(looks) == 1:
            raise OSError("the disk is full")
        return 0

    monkeypatch.setattr(watch_tasks, "enqueue_due", look)
    watch_tasks.run_forever(lambda: len(looks) > 2, look_every=0.01)
    assert len(looks) == 3


def test_an_ended_watch_is_kept_and_not_tested(watch, operator):
    watching.end(operator, watch)
    Watch.objects.update(due=timezone.now() - timedelta(minutes=1))
    assert watch_tasks.enqueue_due() == 0
    with pytest.raises(StateError, match="ended already"):
        watching.end(operator, watch)


def test_what_cannot_be_watched_is_refused_with_a_sentence(watch, run, operator, editor):
    told = {"every_hours": 24, "bound": 0.1, "tlp": "GREEN", "audience": "partners"}
    with pytest.raises(StateError, match="already"):
        watching.start(operator, run, **told)
    watching.end(operator, watch)
    for wrong in ({"every_hours": 0}, {"every_hours": 10**6}, {"bound": 1.5}, {"bound": -0.1}):
        with pytest.raises(StateError, match="hours"):
            watching.start(operator, run, **(told | wrong))
    with pytest.raises(StateError, match="finished"):
        watching.start(operator, services.start_run(operator, run.solution, run.suite), **told)
    with pytest.raises(NotAllowedError):
        watching.start(editor, run, **told)
    Offer.objects.create(suite=run.suite, record_id=uuid.uuid4(), submissions=1, smallest=5)
    with pytest.raises(StateError, match="sealed"):
        watching.start(operator, run, **told)
    with pytest.raises(NotFoundError):
        watching.find(editor, str(watch.pk))


def test_an_agencys_watch_acts_for_that_agency(watch, editor):
    watch.agency, watch.started_by = editor.agency, "mari"
    assert (watching.acting(watch).agency, watching.acting(watch).who) == (editor.agency, "mari")
