"""Control groups, where the host lets us make one: a hard bound on memory and processes of a run as a whole."""

from __future__ import annotations

import os
import secrets
import signal
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.sandbox.engine.limits import Limits

_MOUNTS = Path("/proc/self/mounts")
_OWN = Path("/proc/self/cgroup")
_REMOVE_SECONDS, _SWEEP_SECONDS = 2.0, 60.0
# The file by which a controller is known in version 1 and in version 2 (the kernel's cgroup-v1 and cgroup-v2 guides).
_FILES = {
    "memory": ("memory.limit_in_bytes", "memory.max"),
    "pids": ("pids.max", "pids.max"),
    "cpuacct": ("cpuacct.usage", "cpu.stat"),
}


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller that we may use: its name, the hierarchy's version and the folder to make groups in."""

    name: str
    version: int
    parent: Path


@dataclass(slots=True)
class Group:
    """The groups of one run: a folder for each hierarchy that has one of the controllers.

    In version 1 a thread may step in alone, and what it starts there is born inside. Moving a process in, as version 2
    asks, makes the kernel wait for all others (a grace period, tens of milliseconds on a busy host).
    """

    folders: list[Path] = field(default_factory=list)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be inside, as a thread, while a process is started; version 1 only.

        Raises:
            OSError: the host does not let us after all.
        """
        threaded = [folder for folder in self.folders if (folder / "tasks").exists()]
        try:
            for folder in threaded:
                _write(folder / "tasks", "0")
            yield
        finally:
            for folder in threaded:
                _write(folder.parent / "tasks", "0")

    def add(self, pid: int) -> None:
        """Move a process in where its parent could not be, in version 2; what it forks later is born inside.

        Raises:
            OSError: the host does not let us after all.
        """
        for folder in self.folders:
            if not (folder / "tasks").exists():
                _write(folder / "cgroup.procs", str(pid))

    def out_of_memory(self) -> bool:
        """Tell whether the kernel killed something here for memory."""
        return any(
            _counter(folder / name, "oom_kill")
            for folder in self.folders
            for name in ("memory.events", "memory.oom_control")
        )

    def peak_memory(self) -> int:
        """The most memory that the group ever used, in bytes; 0 when not known."""
        names = ("memory.peak", "memory.max_usage_in_bytes")
        return max((_number(folder / name) for folder in self.folders for name in names), default=0)

    def cpu_seconds(self) -> float:
        """Processor time that the group used; 0 when not known."""
        nanoseconds = max((_number(folder / "cpuacct.usage") for folder in self.folders), default=0)
        microseconds = max((_counter(folder / "cpu.stat", "usage_usec") for folder in self.folders), default=0)
        return max(nanoseconds / 1e9, microseconds / 1e6)

    def remove(self) -> None:
        """Remove the groups; their processes have ended, but the kernel may take a moment to let go of them."""
        deadline = time.monotonic() + _REMOVE_SECONDS
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.002)


@lru_cache(maxsize=1)
def controllers() -> tuple[Controller, ...]:
    """The controllers that can be used here, found by making a group and removing it."""
    return tuple(found for name in ("memory", "pids", "cpuacct") if (found := _find(name)) is not None)


def make(limits: Limits) -> Group:
    """Make the groups of a run with its limits; an empty one where the host offers none."""
    group, name = Group(), f"{_ours(os.getpid())}-{secrets.token_hex(8)}"
    _sweep_all(int(time.monotonic() / _SWEEP_SECONDS))
    for controller in controllers():
        folder = controller.parent / name
        try:
            folder.mkdir(exist_ok=True)
            if folder not in group.folders:
                group.folders.append(folder)
            for file, value in _settings(controller, limits).items():
                _write(folder / file, str(value))
        except OSError:
            group.remove()
            return Group()
    return group


@lru_cache(maxsize=1)
def _sweep_all(_turn: int) -> None:
    """Sweep every hierarchy, once in a turn."""
    for parent in {controller.parent for controller in controllers()}:
        sweep(parent)


def sweep(parent: Path) -> None:
    """Remove the groups of nodes that were killed, and whatever still runs in them."""
    space = f"sild-{_pid_namespace()}-"
    for folder in parent.glob(f"{space}*-*-*"):
        pid = folder.name.removeprefix(space).partition("-")[0]
        if pid.isdecimal() and not folder.name.startswith(f"{_owner(int(pid))}-"):
            with suppress(OSError):
                for left in (folder / "cgroup.procs").read_text().split():
                    os.kill(int(left), signal.SIGKILL)
            with suppress(OSError):
                folder.rmdir()


@lru_cache(maxsize=1)
def _ours(pid: int) -> str:
    """The beginning of the names of our own groups; it is another one after a fork."""
    return _owner(pid)


def _owner(pid: int) -> str:
    """The beginning of the names of a process's groups: process ids come again, with another start time."""
    started = "gone"
    with suppress(OSError, IndexError):
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return f"sild-{_pid_namespace()}-{pid}-{started}"


def _pid_namespace() -> str:
    """The number of our process namespace; process ids mean something only within it."""
    return Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")


def _settings(controller: Controller, limits: Limits) -> dict[str, int]:
    """What to write where. The scratch folder is memory too, so it is added to what the programs may use."""
    if controller.name == "cpuacct":
        return {}  # it counts, by itself
    if controller.name == "pids":
        return {"pids.max": limits.processes + 4}  # bubblewrap's own two and what replaces itself
    memory = limits.memory_bytes + limits.scratch_bytes
    if controller.version == 1:
        return {"memory.limit_in_bytes": memory}
    return {"memory.max": memory, "memory.swap.max": 0}


def _find(name: str) -> Controller | None:
    """Look for a controller in version 2, then in version 1; one that only counts the other way round."""
    both = ((2, _own_folder("")), (1, _own_folder(name)))
    for version, parent in reversed(both) if name == "cpuacct" else both:
        if parent is not None and _usable(parent, _FILES[name][version - 1]):
            return Controller(name, version, parent)
    return None


def _own_folder(controller: str) -> Path | None:
    """The folder of the group that we are in; `controller` is empty for version 2 (cgroups(7), /proc/pid/cgroup)."""
    with suppress(OSError, ValueError):
        for line in _OWN.read_text().splitlines():
            _hierarchy, names, path = line.split(":", 2)
            if controller in names.split(","):
                mount = _mount_point(controller)
                return None if mount is None else mount / path.lstrip("/")
    return None


def _mount_point(controller: str) -> Path | None:
    """Where a hierarchy is mounted (proc(5), /proc/mounts)."""
    for line in _MOUNTS.read_text().splitlines():
        _device, folder, kind, options, *_rest = line.split()
        if (kind == "cgroup2" and not controller) or (
            kind == "cgroup" and controller and controller in options.split(",")
        ):
            return Path(folder)
    return None


def _usable(parent: Path, file: str) -> bool:
    """Try: make a group, step in and out, see that the controller's file is in it, remove it."""
    folder = parent / f"sild-try-{secrets.token_hex(4)}"
    try:
        folder.mkdir()
        with Group([folder]).entered():
            there = (folder / file).exists()
        folder.rmdir()
    except OSError:
        return False
    return there


def _write(path: Path, text: str) -> None:
    """Write to a file of the kernel's, which is there already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _number(path: Path) -> int:
    """The number in a file; 0 when there is none."""
    with suppress(OSError, ValueError):
        return int(path.read_text())
    return 0


def _counter(path: Path, name: str) -> int:
    """A counter in a file of `name number` lines; 0 when there is none."""
    with suppress(OSError, ValueError):
        return sum(int(value) for key, value in map(str.split, path.read_text().splitlines()) if key == name)
    return 0
