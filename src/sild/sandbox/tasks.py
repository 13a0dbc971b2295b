"""Runs as background jobs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import transaction
from django_tasks import task

from sild.sandbox import services
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.execution import execute_run, interrupted
from sild.sandbox.models import Run

if TYPE_CHECKING:
    from sild.people.actor import Actor
    from sild.sandbox.models import Solution, Suite


@task()
def run(run_id: str) -> None:
    """Execute a run; how it went is in its row, so a run that fails is a job that did its work."""
    with suppress(SandboxError):
        execute_run(Run.objects.select_related("solution", "suite").get(pk=run_id))


@transaction.atomic
def start(actor: Actor, solution: Solution, suite: Suite, *, let_out: bool = False, level: str = "") -> Run:
    """Set up a run and leave it to a worker; see `services.start_run`."""
    started = services.start_run(actor, solution, suite, let_out=let_out, level=level)
    run.enqueue(str(started.pk))
    return started


@transaction.atomic
def resume(actor: Actor, stopped: Run) -> Run:
    """Leave a stopped run to a worker again; see `services.resume_run`."""
    resumed = services.resume_run(actor, stopped)
    run.enqueue(str(resumed.pk))
    return resumed


def resume_interrupted() -> int:
    """Leave runs whose process was killed to the workers; for a worker that starts. Returns how many there were."""
    runs = interrupted()
    for one in runs:
        run.enqueue(str(one.pk))
    return len(runs)
