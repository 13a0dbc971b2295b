"""Re-tests of watched solutions as background jobs, started when their time has come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from django.db import close_old_connections
from django_tasks import task

from sild.sandbox import watching
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.evidence_models import Watch
from sild.sandbox.execution import execute_run

if TYPE_CHECKING:
    from collections.abc import Callable

logger = structlog.get_logger(__name__)
LOOK_EVERY_SECONDS = 30.0


@task()
def retest(watch_id: str) -> None:
    """Test a watched solution again; how it went is in the watch's row."""
    retest_now(Watch.objects.select_related("baseline__solution", "baseline__suite").get(pk=watch_id))


def retest_now(watch: Watch, show: Callable[[int, int], None] = lambda _done, _total: None) -> Watch:
    """Test a watched solution again, here and now."""
    run = watching.begin_test(watch)
    try:
        return watching.conclude(watch, execute_run(run, show))
    except SandboxError as error:
        return watching.fail(watch, str(error))


def enqueue_due() -> int:
    """Leave the watches whose time has come to the workers; how many there were."""
    taken = watching.take_due()
    for watch in taken:
        retest.enqueue(str(watch.pk))
    return len(taken)


def run_forever(stop: Callable[[], bool], look_every: float = LOOK_EVERY_SECONDS) -> None:
    """Look for watches that are due until `stop` says so; whatever goes wrong with one look, there is a next one."""
    looked = -look_every
    while not stop():
        if time.monotonic() - looked >= look_every:
            close_old_connections()
            try:
                enqueue_due()
            except Exception:
                logger.exception("looking for due watches failed")
            looked = time.monotonic()
        time.sleep(min(0.25, look_every))
