"""What a confined tree of processes uses, read from the host's /proc: for limits that no rlimit expresses."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sild.sandbox.engine.isolation import SCRATCH

_TICKS = os.sysconf("SC_CLK_TCK")
_MEMORY = (b"RssAnon:", b"RssShmem:")


@dataclass(frozen=True, slots=True)
class Sample:
    """One look.

    Attributes:
        memory_bytes: anonymous and shared memory of all processes; files that they map are not theirs.
        cpu_seconds: processor time of those alive and of the children that they waited for.
        processes: how many processes and threads there are, isolation's own not counted.
        scratch_bytes, scratch_files: what stands in the scratch folder and in /dev/shm.
        written_bytes: what those alive and the children that they waited for have written.
    """

    memory_bytes: int = 0
    cpu_seconds: float = 0.0
    processes: int = 0
    scratch_bytes: int = 0
    scratch_files: int = 0
    written_bytes: int = 0

    def peak(self, other: Sample) -> Sample:
        """The larger figure of each kind."""
        return Sample(*(max(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__))


def look(init: int) -> Sample:
    """Look at all descendants of `init`, the first process of the confined namespace, by its id on the host."""
    memory, cpu, threads, written = 0, _cpu(init), 0, _written(init)
    for pid in descendants(init):
        memory += _memory(pid)
        cpu += _cpu(pid)
        threads += _threads(pid)
        written += _written(pid)
    size, files = scratch(init)
    return Sample(memory, cpu, threads, size, files, written)


def descendants(init: int) -> list[int]:
    """Ids of everything below `init`; orphans are its children too, since it is the namespace's first process."""
    found: list[int] = []
    waiting = [init]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def children(pid: int) -> list[int]:
    """Children of all threads of a process (proc(5), /proc/pid/task/tid/children)."""
    found: list[int] = []
    with suppress(OSError, ValueError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 -- read ten times a second
            with suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_bytes().split())
    return found


def _memory(pid: int) -> int:
    """Bytes of anonymous and shared memory that a process holds."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path(f"/proc/{pid}/status").read_bytes().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_MEMORY))
    return 0


def _threads(pid: int) -> int:
    """Threads of a process."""
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 -- read ten times a second
    return 0


def _cpu(pid: int) -> float:
    """Seconds that a process and the children it waited for have computed (proc(5), fields 14 to 17)."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return sum(int(value) for value in fields[11:15]) / _TICKS
    return 0.0


def _written(pid: int) -> int:
    """Bytes that a process and the children it waited for gave to the kernel to write (proc(5), /proc/pid/io)."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{pid}/io").read_bytes().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(b"wchar:"))
    return 0


def scratch(init: int, folders: tuple[str, ...] = (SCRATCH, "/dev/shm")) -> tuple[int, int]:  # noqa: S108 -- inside
    """Bytes and files of what it can write: mounts in a read-only root, so no link can stand in their place."""
    size = files = 0
    for folder in folders:
        with suppress(OSError):
            seen = os.statvfs(f"/proc/{init}/root{folder}")
            size += (seen.f_blocks - seen.f_bfree) * seen.f_frsize
            files += max(0, seen.f_files - seen.f_ffree - 1)  # the folder itself
    return size, files
