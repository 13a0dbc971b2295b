"""Runs as background jobs, executed by the real worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from sandbox.factories import write_solution
from sild.sandbox import services, tasks
from sild.sandbox.enums import RunState
from sild.sandbox.models import Run

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def work():
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)


def test_a_worker_executes_what_was_started(operator, solution, suite):
    run = tasks.start(operator, solution, suite)
    assert run.state == RunState.WAITING
    work()
    run.refresh_from_db()
    assert (run.state, run.passed) == (RunState.FINISHED, True)


def test_a_run_that_fails_says_so_in_its_row_and_can_be_left_to_a_worker_again(tallinn, operator, suite, tmp_path):
    solution = services.register(operator, write_solution(tmp_path / "s", packages=["no-such-thing"]))
    run = tasks.start(operator, solution, suite)
    work()
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert tasks.resume(operator, run).state == RunState.WAITING


def test_a_run_whose_worker_was_killed_is_taken_up_again(operator, solution, suite):
    run = services.start_run(operator, solution, suite)
    assert tasks.resume_interrupted() == 0
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING, seen=timezone.now() - timedelta(minutes=1))
    assert tasks.resume_interrupted() == 1
    work()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED
