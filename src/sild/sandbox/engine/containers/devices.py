"""GPUs for containers at level L2: what the machine's CDI specifications say, less all that runs on the host.

Podman is shown a specification of the room's own (CDI 0.8.0) with the devices of this container and no others. Hooks
are left out: they are programs of the host, outside gVisor's kernel, that work on files that may be hostile.
Where NVIDIA's driver is in the host's kernel, runsc gets `--nvproxy`: programs inside talk to gVisor, which passes on
those calls of the driver that it knows; a runsc without it is refused.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.isolation import Finding
from sild.spread import gpus
from sild.spread.errors import SpreadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sild.sandbox.engine.containers.arguments import Runtime

DRIVER = Path("/proc/driver/nvidia/version")
FOLDER = "cdi"  # in the room, which is /run for Podman: one of the two places where it looks
DESCRIBE = "Describe them to containers: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
LATER = "Install a later release of gVisor; Debian's of December 2022 has no proxy for the driver."
_VERSION = "0.3.0"  # which every Podman with CDI knows
_MOUNT = ["ro", "nosuid", "nodev", "bind"]
_HOSTS_OWN = ("/run/", "/var/run/", "/proc/", "/sys/", "/dev/")  # sockets of daemons, and what no file system is


@contextmanager
def held(runtime: Runtime, count: int) -> Iterator[list[str]]:
    """Hold the GPUs of one container, by the names that `name` gives them.

    Raises:
        IsolationError: there are not so many, others use them, or this runtime gives none.
    """
    if count and not runtime.own_kernel:
        raise IsolationError(f"{runtime.name} gives no GPUs: the driver would be within reach. Ask for level L2 or L3.")
    try:
        with gpus.taken(count) as names:
            yield names
    except SpreadError as error:
        raise IsolationError(f"{error} Nothing was run.") from error


def name(device: str) -> str:
    """A device as Podman and reports have it (CDI 0.8.0, fully qualified name)."""
    return f"{gpus.KIND}={device}"


def with_proxy(runtime: Runtime) -> Runtime:
    """The runtime as it is started for a container with GPUs."""
    return replace(runtime, flags=(*runtime.flags, "nvproxy")) if DRIVER.exists() else runtime


def findings(runtime: Runtime, count: int) -> Iterator[Finding]:
    """Whether this machine has so many GPUs for one container, and what stands between it and their driver."""
    here = len(set(gpus.names()) & set(gpus.devices()))
    yield Finding("gpus", here >= count, f"{here} here, {count} asked for", DESCRIBE)
    if not DRIVER.exists():
        yield Finding("nvproxy", True, "no driver of NVIDIA's in this kernel, so none is within reach")
    elif _knows_proxy(runtime.name):
        yield Finding("nvproxy", True, "gVisor passes on the calls of NVIDIA's driver that it knows")
    else:
        yield Finding("nvproxy", False, f"this {runtime.name} has no proxy for NVIDIA's driver", LATER)


def write(folder: Path, names: Sequence[str], *, image: bool) -> None:
    """Put the room's own specification of these devices into its folder.

    Args:
        folder: the room's.
        names: of the devices.
        image: whether the container has files of its own; else it sees the host's libraries anyway.

    Raises:
        IsolationError: one is not described on this machine, or its device file is not there.
    """
    if not names:
        return
    described = gpus.devices()
    if missing := [name(one) for one in names if one not in described]:
        raise IsolationError(f"No specification here describes {', '.join(missing)}, so nothing was run. {DESCRIBE}")
    common = {id(told): told for told, _device in (described[one] for one in names)}
    told = {
        "cdiVersion": _VERSION,
        "kind": gpus.KIND,
        "devices": [{"name": one, "containerEdits": _edits([described[one][1]], image=image)} for one in names],
        "containerEdits": _edits(list(common.values()), image=image),
    }
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "gpus.json").write_text(json.dumps(told))


def _edits(parts: Sequence[dict[str, Any]], *, image: bool) -> dict[str, Any]:
    """Environment, device files and read-only files of a part of a specification, and nothing else of it."""
    edits = [part.get("containerEdits") or {} for part in parts]
    nodes = [_node(node) for edit in edits for node in edit.get("deviceNodes") or ()]
    mounts = [pair for edit in edits for one in edit.get("mounts") or () for pair in _mounts(one, image=image)]
    return {
        "env": [str(value) for edit in edits for value in edit.get("env") or ()],
        "deviceNodes": nodes,
        "mounts": [
            {"hostPath": source, "containerPath": target, "options": _MOUNT} for source, target in dict.fromkeys(mounts)
        ],
    }


def _node(node: dict[str, Any]) -> dict[str, Any]:
    """A device file with the numbers that it has on this machine, which specifications leave out."""
    path = str(node["path"])
    source = Path(str(node.get("hostPath") or path))
    try:
        found = source.stat()
    except OSError as error:
        raise IsolationError(f"The device file {source} is not here, so nothing was run: {error.strerror}.") from error
    if not stat.S_ISCHR(found.st_mode) or not path.startswith("/dev/"):
        raise IsolationError(f"{source} is no device file that a container may be given, so nothing was run.")
    return {
        "path": path,
        "type": "c",
        "major": os.major(found.st_rdev),
        "minor": os.minor(found.st_rdev),
        "permissions": "rw",
    }


def _mounts(mount: dict[str, Any], *, image: bool) -> Iterator[tuple[str, str]]:
    """Source and target of a file, and of the names under which libraries link to it, which a hook would make."""
    source, target = Path(str(mount["hostPath"])), Path(str(mount["containerPath"]))
    if str(source).startswith(_HOSTS_OWN) or (not image and source == target and str(source).startswith("/usr/")):
        return
    yield str(source), str(target)
    stem, library, _rest = source.name.partition(".so")
    if library:
        for other in sorted(source.parent.glob(f"{stem}.so*")):
            if other.is_symlink() and other.resolve() == source.resolve():
                yield str(source), str(target.parent / other.name)


@lru_cache(maxsize=2)
def _knows_proxy(program: str) -> bool:
    """Whether the runtime has the flag."""
    told = subprocess.run([program, "flags"], capture_output=True, text=True, check=False)
    return "-nvproxy" in (told.stdout + told.stderr).split()
