"""A sandbox that is kept: commands run and files are touched in it one after another, by a program of ours inside."""

from __future__ import annotations

import itertools
import marshal
import os
import select
import struct
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.interpreter import interpreter, package
from sild.sandbox.engine.isolation import PACKAGES, SCRATCH, Bind, Job
from sild.sandbox.engine.limits import GIB, MIB, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sild.sandbox.engine.isolation import Isolation
    from sild.sandbox.engine.process import Process

# One that lives as long as an agent works in it: more of everything than an answer to a question needs.
ROOMY = Limits(
    memory_bytes=2 * GIB,
    cpu_seconds=3600,
    wall_seconds=24 * 3600,
    processes=128,
    open_files=256,
    file_bytes=512 * MIB,
    scratch_bytes=512 * MIB,
    scratch_files=100_000,
)
_CHUNK = 1024 * 1024
_HEADER = struct.Struct(">7q")
_SLACK_BYTES = 64 * 1024
_BOOT = "import marshal; exec(marshal.loads(open(0, 'rb', closefd=False).read(%d)))"  # it says hello before it is asked
_READY_SECONDS = 20.0
_BUSY_SECONDS, _IDLE_SECONDS = 0.1, 1.0


class EndedError(SandboxError):
    """The kept sandbox is no more: it was closed, broke a limit, or could not be set up."""

    code = "sandbox-ended"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program inside answered; see `tell` in `inside/keeper.py`."""

    payload: bytes
    split: int
    code: int
    errno: int
    late: bool
    over: bool


@lru_cache(maxsize=1)
def _keeper() -> bytes:
    """The program that keeps a sandbox, compiled: inside it would be read and compiled for each sample."""
    source = files("sild.sandbox.engine") / "inside" / "keeper.py"
    return marshal.dumps(compile(source.read_bytes(), "keeper", "exec", dont_inherit=True, optimize=2))


def kept_job(limits: Limits = ROOMY, packages: Sequence[str] = ()) -> Job:
    """The job of the program that keeps a sandbox.

    Args:
        limits: what everything in it may use together, for as long as it is kept.
        packages: installed distributions that its Python is shown.

    Raises:
        RuntimeMissingError: a package is not installed on this node.
    """
    python = interpreter()
    passwd = Bind(str(files("sild.sandbox.engine") / "inside" / "passwd"), "/etc/passwd")
    binds = [*python.binds, passwd]
    for name in packages:
        binds += package(name)[1]
    return Job(
        command=(python.program, "-I", "-S", "-c", _BOOT % len(_keeper())),
        binds=tuple(dict.fromkeys(binds)),
        environment=_environment(python.program),
        folder=SCRATCH,
        limits=limits,
        masked=python.masked,
        first=True,
    )


def _environment(program: str) -> dict[str, str]:
    """The variables of commands in a kept sandbox."""
    folders = [os.path.dirname(program), "/usr/local/bin", "/usr/bin", "/bin"]  # noqa: PTH120 -- a path inside
    return {
        "HOME": SCRATCH,
        "LANG": "C.UTF-8",
        "PATH": ":".join(dict.fromkeys(folders)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": PACKAGES,
        "TMPDIR": SCRATCH,
        "USER": "sandbox",
    }


class Kept:
    """A kept sandbox; open it, ask it things from any thread, close it.

    A thread of its own starts it, hears its answers and looks after its limits: the kernel ends the isolated process
    with the thread that started it, so that thread must live as long as the sandbox.
    """

    def __init__(self, isolation: Isolation, job: Job) -> None:
        self._isolation, self._job = isolation, job
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Answer]] = {0: Future()}
        self._most: dict[int, int] = {}
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._process: Process | None = None
        self._closing = False
        self._wake, self._woken = os.pipe()
        self._thread = threading.Thread(target=self._live, daemon=True, name="kept sandbox")

    def open(self) -> Self:
        """Start it.

        Raises:
            IsolationError: nothing can be isolated here.
            EndedError: it did not come up.
        """
        hello = self._waiting[0]
        self._thread.start()
        try:
            hello.result(_READY_SECONDS)
        except TimeoutError as error:
            self.close()
            raise EndedError(f"The sandbox did not start within {_READY_SECONDS:.0f} s.") from error
        return self

    def close(self) -> None:
        """End everything in it; whoever waits for an answer gets an error."""
        self._closing = True
        with suppress(OSError):
            os.write(self._woken, b".")
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, asked: Mapping[str, Any], payload: bytes = b"", *, most: int = 0) -> tuple[int, Future[Answer]]:
        """Send a request; may take as long as the program inside takes to read it.

        Args:
            asked: the header, as `inside/keeper.py` takes it.
            payload: what follows it.
            most: so many bytes the answer may have.

        Returns:
            its number, by which it can be cancelled, and its answer to come.

        Raises:
            EndedError: the sandbox is no more.
        """
        number, future = next(self._numbers), Future[Answer]()
        with self._lock:
            if not self._thread.is_alive() or self._closing:
                raise EndedError("The sandbox has ended.")
            self._waiting[number], self._most[number] = future, most
        header = marshal.dumps({**asked, "id": number, "size": len(payload)})
        try:
            with self._writing:
                self._send(struct.pack(">I", len(header)) + header)
                self._send(payload)
        except OSError:  # its thread tells everybody why
            pass
        return number, future

    def cancel(self, number: int) -> None:
        """Let the command with this number end; its answer is not waited for."""
        with suppress(EndedError):
            self.ask({"do": "cancel", "of": number})

    def _send(self, data: bytes) -> None:
        """Write everything."""
        assert self._process is not None
        view = memoryview(data)
        while view:
            view = view[os.write(self._process.stdin.fileno(), view[:_CHUNK]) :]

    def _live(self) -> None:
        """The thread: start, listen, end."""
        why: Exception = EndedError("The sandbox was closed.")
        try:
            with self._isolation.start(self._job) as process:
                self._process = process
                self._send(_keeper())
                self._listen(process)
                process.kill("ended by the node")
                usage = process.finish()
                if not self._closing:
                    why = EndedError(f"The sandbox ended: {usage.stopped_by or f'status {usage.exit}'}.")
        except (SandboxError, OSError, ValueError) as error:
            why = error if isinstance(error, SandboxError) else EndedError(f"The sandbox broke: {error}")
        with self._lock:
            self._closing = True
            left = list(self._waiting.values())
            self._waiting.clear()
        for descriptor in (self._wake, self._woken):
            os.close(descriptor)
        for future in left:
            future.set_exception(why)

    def _listen(self, process: Process) -> None:
        """Hear answers and look after the limits until it ends or is closed."""
        sources: list[Any] = [process.stdout, process.stderr, self._wake]
        while not self._closing and not process.check():
            ready = select.select(sources, [], [], _BUSY_SECONDS if self._waiting else _IDLE_SECONDS)[0]
            if process.stderr in ready and not os.read(process.stderr.fileno(), _CHUNK):
                sources.remove(process.stderr)
            if process.stdout in ready:
                head = self._take(process, _HEADER.size, may_end=True)
                if not head:
                    return
                self._hear(process, *_HEADER.unpack(head))

    def _hear(self, process: Process, number: int, size: int, *facts: Any) -> None:
        """Take one answer and hand it to whoever asked."""
        if size > self._most.pop(number, 0) + _SLACK_BYTES:
            raise ValueError("an answer is longer than was asked for")
        payload = self._take(process, size)
        with self._lock:
            future = self._waiting.pop(number, None)
        if future is not None:
            future.set_result(Answer(payload, *facts))

    def _take(self, process: Process, size: int, *, may_end: bool = False) -> bytes:
        """Exactly so many bytes; nothing at the end where there may be one."""
        parts, left = [], size
        while left:
            if self._closing or process.check():
                raise ValueError("it was ended")
            if not process.readable(_BUSY_SECONDS):
                continue
            chunk = os.read(process.stdout.fileno(), min(left, _CHUNK))
            if not chunk:
                if may_end:
                    return b""
                raise ValueError("it ended within an answer")
            parts.append(chunk)
            left -= len(chunk)
        return b"".join(parts)
