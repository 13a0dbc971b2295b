"""A command of the runtime's with its streams: bounded, in time, and ended when nobody waits for it any more."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHUNK = 256 * 1024
_ENDING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its status, what it said, whether it was ended for taking too long or saying too much."""

    code: int
    out: bytes
    err: bytes
    late: bool = False
    over: bool = False


@dataclass(slots=True)
class Cancel:
    """Tells a command from another thread that nobody waits for it."""

    _descriptor: int = field(default_factory=lambda: os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fileno(self) -> int:
        """What becomes readable."""
        return self._descriptor

    def set(self) -> None:
        """Tell it; nothing when it has ended."""
        with self._lock:
            if self._descriptor >= 0:
                os.eventfd_write(self._descriptor, 1)

    def close(self) -> None:
        """It has ended."""
        with self._lock:
            os.close(self._descriptor)
            self._descriptor = -1


def run(
    command: Sequence[str],
    given: bytes = b"",
    *,
    most: int,
    seconds: float | None = None,
    cancel: Cancel | None = None,
    end: Callable[[], None] = lambda: None,
) -> Ran:
    """Run a command to its end.

    Args:
        command: program and arguments on the host.
        given: on its standard input.
        most: bytes of each stream; what says more is ended.
        seconds: from now; then it is ended.
        cancel: closed at the end; when it is set meanwhile, the command is ended.
        end: ends what the command stands for, called before the command itself is killed.

    Raises:
        OSError: there is no such program.
    """
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd="/"
    ) as popen:
        waiting = _Waiting(popen, given, most, None if seconds is None else time.monotonic() + seconds, cancel)
        try:
            why = waiting.wait()
            if why:
                end()
        finally:
            popen.kill()
            waiting.close()
        code = popen.wait(_ENDING_SECONDS)
    return Ran(code, bytes(waiting.said["out"][:most]), bytes(waiting.said["err"][:most]), why == "late", why == "over")


class _Waiting:
    """The streams of a command and its end."""

    def __init__(
        self, popen: subprocess.Popen[bytes], given: bytes, most: int, deadline: float | None, cancel: Cancel | None
    ) -> None:
        self._popen, self._given, self._most, self._deadline = popen, memoryview(given), most, deadline
        self._cancel = cancel
        self.said = {"out": bytearray(), "err": bytearray()}
        self._process = os.pidfd_open(popen.pid)
        self._selector = selectors.DefaultSelector()
        assert popen.stdin is not None
        for stream, event, name in (
            (popen.stdout, selectors.EVENT_READ, "out"),
            (popen.stderr, selectors.EVENT_READ, "err"),
            (popen.stdin, selectors.EVENT_WRITE, "in"),
        ):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, event, name)
        self._selector.register(self._process, selectors.EVENT_READ, "ended")
        if cancel:
            self._selector.register(cancel.fileno(), selectors.EVENT_READ, "cancel")

    def wait(self) -> str:
        """Until it has ended; else why it must be: late, over or cancelled."""
        ended = False
        while not ended:
            left = None if self._deadline is None else self._deadline - time.monotonic()
            if left is not None and left <= 0:
                return "late"
            for key, _events in self._selector.select(left):
                if key.data == "cancel":
                    return "cancelled"
                ended = ended or key.data == "ended"
                self._serve(key)
            if self._over():
                return "over"
        for name, stream in (("out", self._popen.stdout), ("err", self._popen.stderr)):
            while not self._over() and self._read(name, stream):
                pass
        return "over" if self._over() else ""

    def _over(self) -> bool:
        """Whether it said too much."""
        return any(len(said) > self._most for said in self.said.values())

    def _serve(self, key: selectors.SelectorKey) -> None:
        """Read or write what is there."""
        if key.data == "in":
            self._write(key.fileobj)
        elif key.data in self.said and not self._read(key.data, key.fileobj):
            with suppress(KeyError):
                self._selector.unregister(key.fileobj)

    def _read(self, name: str, stream: object) -> bool:
        """Take what a stream has; whether there was something. What is in the background may hold it open for ever."""
        try:
            chunk = os.read(stream.fileno(), _CHUNK)  # type: ignore[attr-defined]
        except BlockingIOError:
            return False
        self.said[name] += chunk
        return bool(chunk)

    def _write(self, stream: object) -> None:
        """Give what is left of the input, and close it then; a command that ended reads none."""
        assert self._popen.stdin is not None
        try:
            self._given = self._given[os.write(stream.fileno(), self._given[:_CHUNK]) :]  # type: ignore[attr-defined]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._given = memoryview(b"")
        if not self._given:
            self._selector.unregister(self._popen.stdin)
            self._popen.stdin.close()

    def close(self) -> None:
        """Let go of everything."""
        self._selector.close()
        os.close(self._process)
        if self._cancel:
            self._cancel.close()
