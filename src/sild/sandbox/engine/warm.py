"""A solution that stays between shards of a run, in a worker: isolated and started once, asked again and again."""

from __future__ import annotations

import atexit
import hashlib
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from sild.sandbox.engine import levels, pack, probe
from sild.sandbox.engine.faults import Faults, harmless
from sild.sandbox.engine.jsonl import _TURN_SECONDS, Conversation
from sild.sandbox.engine.solution import job, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sild.sandbox.engine.process import Usage

_STDERR_CHARACTERS = 1000
_END_SECONDS = 2.0
_warm: dict[str, WarmSolution] = {}  # at most one: a worker keeps what it was last asked


class Lasting(Conversation):
    """A conversation that does not end with its questions."""

    def count_in(self, faults: Faults) -> Faults:
        """Count faults in this from now on."""
        self._faults = faults
        return faults

    def begin(self) -> None:
        """Watch the pipes."""
        self._open()

    def go_on(self, questions: Iterator[bytes]) -> None:
        """Ask these and hear what comes; some are left unanswered when the process ends or is ended."""
        self._asking, self._progress = True, time.monotonic()
        stdout = self._process.stdout
        while self._unfinished() and stdout in self._selector.get_map() and not self._process.check():
            self._fill(questions)
            for key, _events in self._selector.select(_TURN_SECONDS):
                key.data()
            self._lose_patience()

    @property
    def can_go_on(self) -> bool:
        """Whether it may be asked more."""
        return not self._process.stdin.closed and not self._unfinished() and self._process.alive()

    def _unfinished(self) -> bool:
        """Whether something is left to ask or to hear."""
        return self._asking or bool(self._outgoing) or bool(self._in_flight)

    def _stop_asking(self) -> None:
        """Leave standard input open for the next questions, unless it is broken."""
        if self._asking or self._outgoing:
            super()._stop_asking()
        elif self._process.stdin in self._selector.get_map():
            self._selector.unregister(self._process.stdin)


class WarmSolution:
    """One solution in this worker."""

    def __init__(self, package: bytes, alone: int, level: str) -> None:
        """Unpack it, try to break out of the isolation at the run's level, start it with its GPUs.

        Raises:
            IsolationError: there is no isolation here, or it does not hold.
            PackError, FormError, RuntimeMissingError: it cannot be started.
        """
        self._answers: list[tuple[int, Any, str, float, bool]] = []
        self._before = 0
        self._cpu = 0.0
        self._written = 0
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="sild-warm-")), "solution")
            pack.unpack(package, folder)
            solution = load(folder)
            isolation = levels.isolation(level, solution.form.start, solution.form.limits.gpus)
            probe.require(isolation.prove())
            self._process = held.enter_context(isolation.start(job(solution)))
            self._talk = Lasting(self._process, self._receive, Faults(), alone=alone)
            self._talk.begin()
            self._held = held.pop_all()

    def ask(self, questions: Sequence[str]) -> dict[str, Any]:
        """Ask one shard's questions, each as JSON.

        Returns:
            what `spreading.py` reads: answers by number from 0, faults, what was used and tried, whether it goes on.
        """
        faults, tried = self._talk.count_in(Faults()), self._process.tried
        self._answers.clear()
        written, said_wrong = self._talk.output_bytes, self._talk.error_bytes
        self._talk.go_on(question.encode() for question in questions)
        goes_on = self._talk.can_go_on
        usage = None if goes_on else self._finish()
        if usage is not None and (code := usage.stopped_by):
            faults.add(code)
        elif usage is not None:
            faults.add("early-exit", f"status {usage.exit}")
        cpu, memory = self._process.used()
        used, self._cpu = cpu - self._cpu, cpu
        wrote, self._written = self._process.written_bytes - self._written, self._process.written_bytes
        answers = [(number - self._before - 1, *rest) for number, *rest in self._answers]
        self._before += len(questions)
        return {
            "answers": answers,
            "faults": faults.as_list(),
            "goes_on": goes_on,
            "cpu_seconds": used,
            "memory_bytes": memory,
            "tried": tried.taken() if tried else None,
            "devices": self._process.devices,
            "written_bytes": wrote,
            "output_bytes": self._talk.output_bytes - written,
            "error_bytes": self._talk.error_bytes - said_wrong,
            "said_on_stderr": harmless(self._talk.said_on_stderr, _STDERR_CHARACTERS),
        }

    def _finish(self) -> Usage:
        """Let it end, if it is about to."""
        deadline = time.monotonic() + _END_SECONDS
        while self._process.alive() and not self._process.check() and time.monotonic() < deadline:
            self._process.wait(_TURN_SECONDS)
        self._process.kill("does-not-end")
        return self._process.finish()

    def close(self) -> None:
        """End it."""
        self._held.close()

    def _receive(self, number: int, output: object, error: str, seconds: float, *, alone: bool) -> None:
        """Keep an answer."""
        self._answers.append((number, output, error, seconds, alone))


def answer(package: bytes, shard: bytes) -> bytes:
    """In a worker: ask a solution the questions of a shard (`sild.spread.Work`).

    Args:
        package: the packed solution; the one that this worker keeps warm goes on when it is the same.
        shard: JSON with `questions`, `alone`: how many are asked one at a time when the solution starts with them, and
            `level`: at which it is isolated.

    Raises:
        SandboxError: it cannot be isolated or started here.
    """
    asked = orjson.loads(shard)
    name = f"{asked['level']} {hashlib.sha256(package).hexdigest()}"
    for other in [kept for kept in _warm if kept != name]:
        _warm.pop(other).close()
    if name not in _warm:
        _warm[name] = WarmSolution(package, asked["alone"], asked["level"])
    told = _warm[name].ask(asked["questions"])
    if not told["goes_on"]:
        _warm.pop(name).close()
    return orjson.dumps(told)


@atexit.register
def _close_all() -> None:
    """End what is warm with the worker, so that its folders go too."""
    while _warm:
        _warm.popitem()[1].close()
