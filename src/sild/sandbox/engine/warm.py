"""A solution that stays between shards of a run, in a worker: isolated and started once, asked again and again."""

from __future__ import annotations

import hashlib
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from sild.sandbox.engine import default_isolation, pack, probe
from sild.sandbox.engine.faults import Faults, harmless
from sild.sandbox.engine.jsonl import _TURN_SECONDS, Conversation
from sild.sandbox.engine.process import NOT_STARTED
from sild.sandbox.engine.solution import job, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_warm: dict[str, WarmSolution] = {}


class Lasting(Conversation):
    """A conversation that does not end with its questions."""

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

    def __init__(self, package: bytes, alone: int) -> None:
        """Unpack it, try to break out of the isolation, start it.

        Raises:
            IsolationError: there is no isolation here, or it does not hold.
            PackError, FormError, RuntimeMissingError: it cannot be started.
        """
        self.heard: list[tuple[int, Any, str, float, bool]] = []
        self._base = 0
        self._faults = Faults()
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="sild-warm-")), "solution")
            pack.unpack(package, folder)
            isolation = default_isolation()
            probe.require(probe.escape_checks(isolation))
            self._process = held.enter_context(isolation.start(job(load(folder))))
            self._talk = Lasting(self._process, self._receive, self._faults, alone=alone)
            self._talk.begin()
            self._held = held.pop_all()
        self._told = (0.0, 0, 0)

    def ask(self, questions: Sequence[Any]) -> dict[str, Any]:
        """Ask one shard's questions.

        Returns:
            what `spreading.py` reads: answers by number from 0, faults, and what was used for them.
        """
        self.heard.clear()
        self._talk.go_on(orjson.dumps(question) for question in questions)
        told = {"stopped_by": "", "stderr": harmless(self._talk.said_on_stderr, 1000), "exit": 0}
        if not self._talk.can_go_on:
            told |= self._end()
        asked, self._base = self._base, self._base + len(questions)
        answers = [(number - asked - 1, *rest) for number, *rest in self.heard]
        faults, self._faults = self._faults.as_list(), self._talk.count_anew()
        return told | {"answers": answers, "faults": faults} | self._used()

    def close(self) -> None:
        """End it."""
        self._held.close()

    def _receive(self, number: int, output: object, error: str, seconds: float, *, alone: bool) -> None:
        """Keep an answer."""
        self.heard.append((number, output, error, seconds, alone))
