"""A running container: as any confined process, but for what is counted and how its end is read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sild.sandbox.engine import watch
from sild.sandbox.engine.containers.arguments import WRITABLE
from sild.sandbox.engine.process import NOT_STARTED, Process

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from contextlib import ExitStack

    from sild.sandbox.engine.cgroup import Group
    from sild.sandbox.engine.limits import Limits


class ContainerProcess(Process):
    """A container; its first process on the host is Podman's, whose end is the end of all of them."""

    def __init__(
        self,
        popen: subprocess.Popen[bytes],
        init: int,
        *,
        pidfile: Path,
        own_kernel: bool,
        limits: Limits,
        group: Group,
        held: ExitStack,
        devices: Sequence[str] = (),
    ) -> None:
        super().__init__(popen, init, -1, limits=limits, group=group, supervisor=None, held=held)
        self._pidfile, self._own_kernel = pidfile, own_kernel
        self.devices = tuple(devices)

    def _seen(self) -> watch.Sample:
        """What everything below the container's monitor uses.

        A runtime with a kernel of its own has threads on the host for the processes inside, which are not counted, and
        what is written inside is memory of that kernel.
        """
        seen = watch.Sample()
        for monitor in watch.children(self._init):
            below = watch.look(monitor)
            memory = _kernel_memory(watch.descendants(monitor)) if self._own_kernel else below.memory_bytes
            size, files = (0, 0) if self._own_kernel else _scratch(monitor)
            processes = 0 if self._own_kernel else below.processes
            seen = seen.peak(watch.Sample(memory, below.cpu_seconds, processes, size, files, below.written_bytes))
        return seen

    def _never_started(self) -> str:
        """Podman writes the container's process id once there is a container."""
        return "" if self._pidfile.exists() else NOT_STARTED


def _scratch(monitor: int) -> tuple[int, int]:
    """Bytes and files of what it can write, seen through the container's first process; before that there are none."""
    inside = next((child for child in watch.children(monitor) if not _at_home(child)), None)
    return (0, 0) if inside is None else watch.scratch(inside, WRITABLE)


def _at_home(pid: int) -> bool:
    """Whether a process has the host's root still, or has ended."""
    try:
        return Path(f"/proc/{pid}/root/").samefile("/")
    except OSError:
        return True


def _kernel_memory(pids: list[int]) -> int:
    """Bytes that a runtime with a kernel of its own holds: its own, and the files in memory that it gives out from.

    A plain user may not look at its files: what processes map of them stands in for it, shared pages more than once.
    """
    files: dict[tuple[int, int], int] = {}
    try:
        for pid in pids:
            files |= _files_in_memory(pid)
        given = sum(files.values())
    except PermissionError:
        given = sum(_held(pid, b"RssShmem:") for pid in pids)
    return given + sum(_held(pid, b"RssAnon:") for pid in pids)


def _held(pid: int, kind: bytes) -> int:
    """Bytes of one kind of memory that a process holds (proc(5), /proc/pid/status)."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path(f"/proc/{pid}/status").read_bytes().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))
    return 0


def _files_in_memory(pid: int) -> dict[tuple[int, int], int]:
    """Device and inode, and allocated bytes, of each file in memory that a process has open (memfd_create(2)).

    Raises:
        PermissionError: we may not look.
    """
    found: dict[tuple[int, int], int] = {}
    with suppress(FileNotFoundError, ProcessLookupError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(descriptor.readlink()).startswith("/memfd:"):
                    told = descriptor.stat()
                    found[told.st_dev, told.st_ino] = told.st_blocks * 512
    return found
