"""What the runtime is told of a container and of a process in it (OCI runtime specification 1.0, config.json)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.limits import MIB
from sild.sandbox.engine.pods.users import User

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What an image's root needs to install, change owners and serve; all of it within gVisor's kernel, none on the host.
CAPABILITIES = frozenset({
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID",
    "SYS_CHROOT",
})  # fmt: skip
MORE = frozenset({"AUDIT_WRITE", "MKNOD", "NET_RAW", "SYS_PTRACE"})  # may be asked for
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SPACES = ("pid", "ipc", "uts", "mount", "network")
_KIND, _OF = "io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-id"  # by which runsc knows a pod


@dataclass(frozen=True, slots=True)
class Container:
    """One machine of a pod, ready to be started.

    Attributes:
        root: its files, as a path in the room; they are read, and what it writes is memory of the pod.
        command: program and arguments of its first process.
        environment: all its variables.
        user: who its processes are, unless another is asked for.
        folder: where they start.
        hostname: what it calls itself.
        capabilities: of its root, without CAP_.
        processes: processes and threads at one time, of each user in it.
        open_files: descriptors of each process.
        read_only: whether its root may not be written.
        memory_folders: folders in memory, with their sizes in bytes.
        binds: pairs of a path in the room and the place inside, read-only where the third is true.
    """

    root: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: User = field(default_factory=User)
    folder: str = "/"
    hostname: str = "sandbox"
    capabilities: frozenset[str] = CAPABILITIES
    processes: int = 128
    open_files: int = 1024
    read_only: bool = False
    memory_folders: tuple[tuple[str, int], ...] = (("/dev/shm", 64 * MIB),)  # noqa: S108 -- the one inside
    binds: tuple[tuple[str, str, bool], ...] = ()


def config(container: Container, pod: str) -> dict[str, Any]:
    """The configuration of a container.

    Args:
        container: what to start.
        pod: the id of the pod's first container; empty for that one itself.
    """
    return {
        "ociVersion": "1.0.2",
        "process": process(container, container.command),
        "root": {"path": container.root, "readonly": container.read_only},
        "hostname": container.hostname,
        "mounts": _mounts(container),
        "linux": {"namespaces": [{"type": name} for name in _SPACES]},
        "annotations": {_KIND: "container", _OF: pod} if pod else {_KIND: "sandbox"},
    }


def process(
    container: Container,
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    user: User | None = None,
    folder: str = "",
) -> dict[str, Any]:
    """A process in a container; what is left out is the container's."""
    who = user or container.user
    held = sorted(f"CAP_{name}" for name in container.capabilities)
    variables = {"PATH": _PATH, "HOME": who.home, **container.environment, **(environment or {})}
    if user is not None and "HOME" not in (environment or {}):
        variables["HOME"] = who.home
    return {
        "terminal": False,
        "user": {"uid": who.uid, "gid": who.gid, "additionalGids": list(who.groups)},
        "args": list(command),
        "env": [f"{name}={value}" for name, value in variables.items()],
        "cwd": folder or container.folder,
        "capabilities": {
            "bounding": held,
            **({"effective": held, "permitted": held} if who.uid == 0 else {"effective": [], "permitted": []}),
        },
        "rlimits": [
            {"type": f"RLIMIT_{name}", "hard": value, "soft": value}
            for name, value in (("NPROC", container.processes), ("NOFILE", container.open_files), ("CORE", 0))
        ],
        "noNewPrivileges": True,
    }


def _mounts(container: Container) -> list[dict[str, Any]]:
    """What stands in a container besides its own files."""
    kernel = [("proc", "/proc"), ("tmpfs", "/dev"), ("sysfs", "/sys")]
    mounts: list[dict[str, Any]] = [{"destination": place, "type": kind, "source": kind} for kind, place in kernel]
    for place, size in container.memory_folders:
        options = [f"size={size}", "mode=1777", "nosuid", "nodev"]
        mounts.append({"destination": place, "type": "tmpfs", "source": "tmpfs", "options": options})
    for source, place, read_only in container.binds:
        options = ["rbind", "ro" if read_only else "rw"]
        mounts.append({"destination": place, "type": "bind", "source": source, "options": options})
    return mounts
