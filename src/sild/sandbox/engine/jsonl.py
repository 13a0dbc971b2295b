"""The JSON-lines protocol: questions on standard input, answers on standard output, in any order, many in flight."""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import orjson

from sild.sandbox.engine.faults import Faults, harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sild.sandbox.engine.process import Process

_CHUNK = 256 * 1024
_TURN_SECONDS = 0.05
_END_SECONDS = 2.0
_STDERR_KEPT = 2048


class Receiver(Protocol):
    """What is done with an answer.

    Arguments: the question's number, its output (None for an error), the error's text, seconds from asking to
    answering, whether no other question was in flight.
    """

    def __call__(self, number: int, output: object, error: str, seconds: float, *, alone: bool) -> None:
        """Take it."""


class Conversation:
    """One conversation with a confined process, from its first question to its end.

    Ids on the wire are numbers in the order of asking: they tell the solution nothing about a sample, and an answer to
    a question that has not been asked yet is a fault.
    """

    def __init__(self, process: Process, receive: Receiver, faults: Faults, *, alone: int = 0) -> None:
        """Prepare.

        Args:
            process: just started.
            receive: called for each answer.
            faults: where what goes wrong is counted.
            alone: how many questions are asked one at a time first, so that latency is that of one question.
        """
        self.output_bytes = self.error_bytes = 0
        self.said_on_stderr = b""
        self._process, self._receive, self._faults, self._alone = process, receive, faults, alone
        self._limits = process.limits
        self._selector = selectors.DefaultSelector()
        self._outgoing: deque[bytes] = deque()
        self._in_flight: dict[int, float] = {}
        self._asked = self._answered = 0
        self._asking = True
        self._tail, self._discarding = b"", False
        self._progress = time.monotonic()
        self._many, self._many_since, self._many_until = 0, 0.0, 0.0

    def run(self, questions: Iterator[bytes], turn: Callable[[], None]) -> None:
        """Ask everything and hear the answers; returns when the process has ended or was ended.

        Args:
            questions: the input of each, as JSON.
            turn: called at least every 0.05 s; what it raises ends the conversation and the process.
        """
        with self._selector:
            self._open()
            while self._selector.get_map() and not self._process.check():
                self._fill(questions)
                for key, _events in self._selector.select(_TURN_SECONDS):
                    key.data()
                self._lose_patience()
                turn()
            self._settle()

    @property
    def incomplete(self) -> bool:
        """Whether questions were left unasked or unanswered."""
        return bool(self._in_flight) or self._asking

    @property
    def pipelined(self) -> tuple[int, float]:
        """Answers that came while many questions were in flight, and the seconds from the first of them to the last."""
        return self._many, self._many_until - self._many_since

    def _open(self) -> None:
        """Watch the three pipes."""
        for stream, events, ready in (
            (self._process.stdin, selectors.EVENT_WRITE, self._write),
            (self._process.stdout, selectors.EVENT_READ, self._read),
            (self._process.stderr, selectors.EVENT_READ, self._read_error),
        ):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, events, ready)

    def _fill(self, questions: Iterator[bytes]) -> None:
        """Ask as many questions as may be in flight."""
        if not self._asking or self._process.stdin.closed:
            return
        window = 1 if self._answered < self._alone else self._limits.window
        while len(self._in_flight) < window:
            question = next(questions, None)
            if question is None:
                self._asking = False
                break
            self._asked += 1
            if not self._in_flight:
                self._progress = time.monotonic()
            self._in_flight[self._asked] = time.monotonic()
            self._outgoing.append(b'{"id":"%d","input":%b}\n' % (self._asked, question))
        self._want_to_write()

    def _want_to_write(self) -> None:
        """Watch standard input only while there is something to write, and close it when nothing will come."""
        stdin = self._process.stdin
        if stdin.closed:
            return
        watched = stdin in self._selector.get_map()
        if self._outgoing and not watched:
            self._selector.register(stdin, selectors.EVENT_WRITE, self._write)
        elif not self._outgoing and watched:
            self._selector.unregister(stdin)
        if not self._outgoing and not self._asking:
            self._stop_asking()

    def _stop_asking(self) -> None:
        """Close standard input: that is how the solution learns that there is nothing more."""
        stdin = self._process.stdin
        if stdin in self._selector.get_map():
            self._selector.unregister(stdin)
        stdin.close()
        self._progress = time.monotonic()

    def _write(self) -> None:
        """Write what the pipe takes."""
        data = b"".join(self._outgoing)
        try:
            written = os.write(self._process.stdin.fileno(), data[:_CHUNK])
        except BlockingIOError:
            written = 0
        except BrokenPipeError:  # it has ended; what it printed before is still to be read
            self._stop_asking()
            return
        self._outgoing.clear()
        if written < len(data):
            self._outgoing.append(data[written:])
        self._want_to_write()

    def _read(self) -> None:
        """Read answers."""
        chunk = self._chunk(self._process.stdout)
        self.output_bytes += len(chunk)
        if self.output_bytes > self._limits.output_bytes:
            self._process.kill("output-limit")
            return
        *lines, self._tail = (self._tail + chunk).split(b"\n")
        for line in lines:
            if self._discarding:
                self._discarding = False
            else:
                self._hear(line)
        if len(self._tail) > self._limits.line_bytes:
            if not self._discarding:
                self._faults.add("oversized-line", self._tail)
            self._tail, self._discarding = b"", True

    def _read_error(self) -> None:
        """Count what is said on standard error and keep its beginning."""
        chunk = self._chunk(self._process.stderr)
        self.error_bytes += len(chunk)
        self.said_on_stderr += chunk[: _STDERR_KEPT - len(self.said_on_stderr)]
        if self.error_bytes > self._limits.error_bytes:
            self._process.kill("error-output-limit")

    def _chunk(self, stream: object) -> bytes:
        """What a pipe holds; stops watching it at its end."""
        with suppress(BlockingIOError):
            chunk = os.read(stream.fileno(), _CHUNK)  # type: ignore[attr-defined]
            if not chunk:
                self._selector.unregister(stream)  # type: ignore[arg-type]
            return chunk
        return b""

    def _hear(self, line: bytes) -> None:
        """Take one line as an answer, or name what is wrong with it."""
        if len(line) > self._limits.line_bytes:
            self._faults.add("oversized-line", line)
            return
        try:
            answer = orjson.loads(line)
        except orjson.JSONDecodeError:
            self._faults.add("not-json", line)
            return
        if (
            not isinstance(answer, dict)
            or not isinstance(answer.get("id"), str)
            or not {"output", "error"} & set(answer)
        ):
            self._faults.add("not-an-answer", line)
            return
        self._match(answer)

    def _match(self, answer: dict[str, object]) -> None:
        """Find the question that an answer is for."""
        name = str(answer["id"])
        number = int(name) if name.isascii() and name.isdecimal() and len(name) <= 18 else 0  # noqa: PLR2004 -- fits 64 bits
        since = self._in_flight.pop(number, None) if str(number) == name else None
        if since is None:
            asked = str(number) == name and 0 < number <= self._asked
            self._faults.add("duplicate" if asked else "unknown-id", name)
            return
        self._progress = time.monotonic()
        alone = 0 < self._answered < self._alone  # the first answer has the start in it
        many = self._answered >= self._alone
        self._answered += 1
        if many:
            self._many, self._many_until = self._many + 1, self._progress
            self._many_since = self._many_since or since
        error = harmless(str(answer["error"])) if answer.get("error") else ""
        if error:
            self._faults.add("error-answer", error)
        self._receive(number, None if error else answer.get("output"), error, self._progress - since, alone=alone)

    def _settle(self) -> None:
        """All pipes are closed: give the process a moment to end, then end it."""
        deadline = time.monotonic() + _END_SECONDS
        while self._process.alive() and not self._process.check():
            if time.monotonic() > deadline:
                self._process.kill("does-not-end")
            self._process.wait(_TURN_SECONDS)

    def _lose_patience(self) -> None:
        """End a process that does not answer, or does not end.

        One that closes its pipes is not told from one that is silent: bubblewrap's own process holds them open too.
        """
        quiet = time.monotonic() - self._progress
        waiting = bool(self._in_flight) or self._asking
        patience = self._limits.sample_seconds if self._answered else self._limits.start_seconds
        if self._in_flight and quiet > patience:
            self._process.kill("no-answer")
        elif not waiting and quiet > _END_SECONDS and self._process.alive():
            self._process.kill("does-not-end")
