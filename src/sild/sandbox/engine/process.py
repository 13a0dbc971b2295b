"""A running confined process: its pipes, its watchdog, its end."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sild.sandbox.engine import watch

if TYPE_CHECKING:
    import subprocess

    from sild.sandbox.engine.cgroup import Group
    from sild.sandbox.engine.limits import Limits
    from sild.sandbox.engine.supervisor import Supervisor
    from sild.sandbox.engine.tried import Tried

LOOK_SECONDS = 0.1
NOT_STARTED = "not-started"  # the isolation could not be set up, so the command never ran
_GONE_SECONDS = 5.0
_EXITS_BY_SIGNAL = 128  # bubblewrap, like a shell, adds the signal's number to this


@dataclass(frozen=True, slots=True)
class Usage:
    """How a process ended and what it used.

    Attributes:
        exit: exit status; 128 plus the signal's number when a signal ended it.
        stopped_by: the limit that ended it, as in `wall-limit`; empty when it ended by itself; `NOT_STARTED`.
        wall_seconds, cpu_seconds: from start to end, and computed by all its processes together.
        peak_memory_bytes: the most that all its processes held at one time. This and the processor time are what the
            control group counted, or what was seen looking ten times a second, whichever is more.
        peak_processes, scratch_bytes, scratch_files: the most that was seen.
        written_bytes: what all its processes wrote, to files and pipes, up to the last look.
    """

    exit: int
    stopped_by: str
    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    peak_processes: int
    scratch_bytes: int
    scratch_files: int
    written_bytes: int


class Process:
    """A confined process; use it as a context so that nothing of it outlives the run.

    Attributes:
        devices: that it was given, as in `nvidia.com/gpu=0`.
    """

    devices: tuple[str, ...] = ()

    def __init__(
        self,
        popen: subprocess.Popen[bytes],
        init: int,
        status: int,
        *,
        limits: Limits,
        group: Group,
        supervisor: Supervisor | None,
        held: ExitStack,
    ) -> None:
        assert popen.stdin is not None
        assert popen.stdout is not None
        assert popen.stderr is not None
        self.stdin, self.stdout, self.stderr = popen.stdin, popen.stdout, popen.stderr
        self.limits = limits
        self._popen, self._init, self._status, self._group, self._held = popen, init, status, group, held
        self._supervisor = supervisor
        self._pidfd, self._end = os.pidfd_open(init), os.pidfd_open(popen.pid)
        self._started = time.monotonic()
        self._next_look = self._started + LOOK_SECONDS
        self._peak = watch.Sample()
        self._stopped_by = ""
        self._usage: Usage | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill("ended by the node")
        self.finish()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    @property
    def contacts(self) -> list[dict[str, Any]]:
        """The proxy's log."""
        return self._supervisor.egress.as_list() if self._supervisor else []

    @property
    def tried(self) -> Tried | None:
        """What it tried so far; all of it after `finish`. None where nobody counts."""
        return self._supervisor.tried if self._supervisor else None

    def alive(self) -> bool:
        """Tell whether the command still runs."""
        return self._usage is None and not _ended(self._popen.pid)

    def wait(self, seconds: float) -> None:
        """Wait for the end of the command, but no longer than this."""
        select.select([self._end], [], [], seconds)

    def readable(self, seconds: float) -> bool:
        """Wait for output, or for the end of it."""
        return bool(select.select([self.stdout], [], [], seconds)[0])

    def check(self) -> str:
        """Look after the limits; call it at least every 0.1 s. Names the limit that ended the process, else ''."""
        now = time.monotonic()
        if now - self._started > self.limits.wall_seconds:
            self.kill("wall-limit")
        if now >= self._next_look and not self._stopped_by:
            self._next_look = now + LOOK_SECONDS
            self._look()
        return self._stopped_by

    def kill(self, reason: str) -> None:
        """End the whole process namespace at once; the first reason given is the one that counts."""
        if self._usage is not None or self._stopped_by:
            return
        if self.alive():
            self._stopped_by = reason
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def used(self) -> tuple[float, int]:
        """Processor time in seconds and the most memory in bytes so far; the last known ones when it has ended."""
        if self._usage is not None:
            return self._usage.cpu_seconds, self._usage.peak_memory_bytes
        cpu = max(self._peak.cpu_seconds, self._group.cpu_seconds())
        return cpu, max(self._peak.memory_bytes, self._group.peak_memory())

    @property
    def written_bytes(self) -> int:
        """What all its processes wrote, up to the last look."""
        return self._peak.written_bytes

    def finish(self) -> Usage:
        """Wait for the end, close everything and say what was used. Call `kill` first if it may not end by itself."""
        if self._usage is not None:
            return self._usage
        while not _ended(self._popen.pid):
            self.check()
            self.wait(LOOK_SECONDS / 2)
        wall, exit_code = self.seconds, self._popen.wait()
        self._end_namespace()
        for stream in (self.stdin, self.stdout, self.stderr):
            with suppress(OSError):
                stream.close()
        self._usage = Usage(
            exit=exit_code,
            stopped_by=self._stopped_by or self._limit_of(exit_code) or self._never_started(),
            wall_seconds=wall,
            cpu_seconds=max(self._peak.cpu_seconds, self._group.cpu_seconds()),
            peak_memory_bytes=max(self._peak.memory_bytes, self._group.peak_memory()),
            peak_processes=self._peak.processes,
            scratch_bytes=self._peak.scratch_bytes,
            scratch_files=self._peak.scratch_files,
            written_bytes=self._peak.written_bytes,
        )
        os.close(self._pidfd)
        os.close(self._end)
        self._held.close()
        return self._usage

    def _end_namespace(self) -> None:
        """Bubblewrap has ended, but what the command left behind may not have: end it and wait until it is gone."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        select.select([self._pidfd], [], [], _GONE_SECONDS)

    def _look(self) -> None:
        """Compare what is used with the limits that the kernel does not hold by itself."""
        seen = self._seen()
        self._peak = self._peak.peak(seen)
        limits = self.limits
        for name, used, most in (
            ("memory-limit", seen.memory_bytes, limits.memory_bytes),
            ("cpu-limit", seen.cpu_seconds, limits.cpu_seconds),
            ("process-limit", seen.processes, limits.processes + 2),
            ("scratch-limit", seen.scratch_files, limits.scratch_files),
        ):
            if used > most:
                self.kill(name)

    def _seen(self) -> watch.Sample:
        """What is used at this moment."""
        return watch.look(self._init)

    def _never_started(self) -> str:
        """Bubblewrap tells a command's exit status only when it got as far as running the command (bwrap(1))."""
        armed = self._supervisor is not None and self._supervisor.armed
        return "" if armed and b"exit-code" in os.read(self._status, 4096) else NOT_STARTED

    def _limit_of(self, exit_code: int) -> str:
        """The limit that the kernel enforced, told from the signal."""
        if self._group.out_of_memory():
            return "memory-limit"
        by_signal: dict[int, str] = {
            signal.SIGXCPU: "cpu-limit",
            signal.SIGXFSZ: "file-limit",
            signal.SIGSYS: "system-call",
        }
        return by_signal.get(exit_code - _EXITS_BY_SIGNAL, "") if exit_code > _EXITS_BY_SIGNAL else ""


def _ended(pid: int) -> bool:
    """Tell whether our child has ended, leaving it to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
