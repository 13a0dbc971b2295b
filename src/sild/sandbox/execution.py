"""Executing a run: from the database to the engine and back, so that it can be killed at any moment and go on."""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from sild.sandbox import packages, registration
from sild.sandbox.engine import levels, remote, runner, spreading
from sild.sandbox.engine import solution as solutions
from sild.sandbox.engine import suite as suites
from sild.sandbox.engine.errors import CancelledError, SandboxError
from sild.sandbox.engine.grader_endpoint import Endpoint
from sild.sandbox.enums import RunState
from sild.sandbox.errors import StateError
from sild.sandbox.models import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SAVE_SECONDS = 0.5
_STALE = timedelta(seconds=30)


class Follower:
    """Tells the database how far a run is and learns from it whether to stop, twice a second at most."""

    def __init__(self, run: Run, show: Callable[[int, int], None]) -> None:
        self._run, self._show, self._saved, self._stop = run, show, 0.0, False

    def progress(self, done: int, total: int) -> None:
        """Take the runner's word."""
        self._show(done, total)
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self._saved = time.monotonic()
            row = Run.objects.filter(pk=self._run.pk)
            row.update(done=done, total=total, seen=timezone.now())
            self._stop = row.filter(stopping=True).exists()

    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stop


def execute_run(run: Run, show: Callable[[int, int], None] = lambda _done, _total: None) -> Run:
    """Execute a run that waits, or go on with one whose process was killed; its report is in the database afterwards.

    Args:
        run: waiting, or running without anybody who runs it.
        show: called with samples done and to do, some times a second.

    Raises:
        StateError: it is over, or another process executes it.
        SandboxError: it failed or was cancelled; the row says so too.
    """
    folder = run.folder(settings.CONFIG.home)
    with _alone(folder):
        run.refresh_from_db()
        if run.is_over:
            raise StateError(_("This run is over. Start another attempt, or resume it."))
        _save(run, state=RunState.RUNNING, seen=timezone.now())
        try:
            report = _run(run, folder, Follower(run, show))
        except CancelledError as error:
            _save(run, state=RunState.CANCELLED, error=str(error), ended=timezone.now())
            raise
        except SandboxError as error:
            _save(run, state=RunState.FAILED, error=str(error), ended=timezone.now())
            raise
        _save(run, state=RunState.FINISHED, report=report, done=report["samples"], ended=timezone.now())
    return run


def interrupted() -> list[Run]:
    """Runs that nobody executes any more: nobody here holds their folder, or nobody was heard of for long."""
    long_ago = timezone.now() - _STALE
    running = Run.objects.filter(state=RunState.RUNNING).select_related("solution", "suite")
    return [run for run in running if _is_left(run.folder(settings.CONFIG.home)) or (run.seen or long_ago) <= long_ago]


def _is_left(folder: Path) -> bool:
    """Whether the folder is on this machine and nobody holds it."""
    try:
        with _alone(folder, make=False):
            return True
    except (StateError, FileNotFoundError):
        return False


def _run(run: Run, folder: Path, follower: Follower) -> dict[str, Any]:
    """Unpack solution and suite, and let the engine run them."""
    with TemporaryDirectory(dir=folder, prefix="unpacked-") as unpacked:
        for thing, name in ((run.solution, "solution"), (run.suite, "suite")):
            packages.take_out(thing, Path(unpacked) / name)
        suite = suites.load(Path(unpacked) / "suite")
        solution = solutions.load(Path(unpacked) / "solution")
        start, gpus = solution.form.start, solution.form.limits.gpus
        level, kind = levels.fitting(run.level, start, gpus), _kind(run)
        job = kind(
            solution=solution,
            suite=suite,
            grader=_grader(suite),
            folder=folder,
            # Where a run is spread, the workers have the GPUs: this machine needs the level alone.
            isolation=levels.isolation(level, start, gpus if kind is runner.Run else 0),
            name=str(run.pk),
            attempt=run.attempt,
            registration=registration.before(run),
            let_out=run.let_out,
            progress=follower.progress,
            cancelled=follower.cancelled,
        )
        return job.execute()


def _grader(suite: suites.Suite) -> Endpoint | None:
    """The endpoint for the suite's grader, as the node's settings have it."""
    config = settings.CONFIG
    if suite.form.grader is None or not config.grader_endpoint:
        return None
    return Endpoint(config.grader_endpoint, suite.form.grader.model, config.grader_key)


def _kind(run: Run) -> Callable[..., runner.Run]:
    """How a run is executed: in one isolated process here, spread over the cluster, or by asking an endpoint.

    Raises:
        StateError: a partner's solution names an endpoint, and only we say whom this node talks to.
    """
    address = settings.CONFIG.cluster
    if run.solution.description["start"]["protocol"] != "endpoint":
        # What is let out goes through one proxy with one log, in one process; at L3 the cluster spreads by itself.
        here = run.let_out or run.level == levels.L3
        return partial(spreading.SpreadRun, address=address) if address and not here else runner.Run
    if run.solution.origin:
        raise StateError(_("This solution is an endpoint that a partner named. Register it here to let it be asked."))
    return remote.EndpointRun


def _save(run: Run, **values: Any) -> None:
    """Change these columns and no others: pages change theirs meanwhile."""
    for name, value in values.items():
        setattr(run, name, value)
    run.save(update_fields=list(values))


@contextmanager
def _alone(folder: Path, *, make: bool = True) -> Iterator[None]:
    """Hold the run's folder; the kernel lets go of it when the process that holds it dies, however it dies."""
    if make:
        folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateError(_("Another process executes this run already.")) from error
        yield
