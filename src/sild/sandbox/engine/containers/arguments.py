"""Podman's command line for a container that may do nothing but compute."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sild.sandbox.engine.isolation import SCRATCH
from sild.sandbox.engine.limits import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.sandbox.engine.isolation import Job

PROFILE, CONFIG, ARCHIVE, PIDFILE = "seccomp.json", "containers.conf", "image.tar", "pid"
ROOM = "/run"  # where the room stands for Podman
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WRITABLE = (SCRATCH, "/tmp", "/dev/shm")  # noqa: S108 -- the ones inside
_SHM_BYTES = MIB
# Ids inside that belong to nobody in an image; another one each time, so that limits by user count for one run alone.
_FIRST_USER, _USERS = 20_000, 40_000


@dataclass(frozen=True, slots=True)
class Runtime:
    """What runs a container.

    Attributes:
        name: of the program.
        level: what it may claim.
        mend: how to get it.
        own_kernel: whether programs inside talk to a kernel of the runtime's instead of the host's.
        cgroups: Podman's word for leaving the control groups alone with this runtime.
        flags: of the runtime itself.
        own_bytes, own_threads: memory and threads that the runtime takes for itself.
        threads_each: threads on the host for each process or thread inside.
    """

    name: str
    level: str
    mend: str
    own_kernel: bool
    cgroups: str
    flags: tuple[str, ...] = ()
    own_bytes: int = 0
    own_threads: int = 0
    threads_each: int = 1


CRUN = Runtime("crun", "L1", "Install it: apt-get install crun", own_kernel=False, cgroups="disabled")
RUNSC = Runtime(
    "runsc",
    "L2",
    "Install gVisor's runsc on the node's PATH: apt-get install runsc, or a later release of gVisor.",
    own_kernel=True,
    cgroups="no-conmon",  # Podman refuses “disabled” with any runtime but crun
    flags=("network=none", "ignore-cgroups"),
    own_bytes=96 * MIB,
    own_threads=160,
    threads_each=3,
)


def configuration() -> str:
    """Podman's settings; the host's own are not read, so that none of them changes what a run is."""
    return (
        "[containers]\n"
        "[engine]\n"
        'cgroup_manager = "cgroupfs"\n'
        'events_logger = "none"\n'
        'lock_type = "file"\n'  # the other kind is one for all users of the host
    )


def environment() -> dict[str, str]:
    """Podman's variables."""
    return {
        "PATH": _PATH,
        "HOME": ROOM,
        "TMPDIR": f"{ROOM}/tmp",  # noqa: S108 -- the room's own
        "XDG_RUNTIME_DIR": f"{ROOM}/run",
        "CONTAINERS_CONF": f"{ROOM}/{CONFIG}",
    }


def podman(runtime: Runtime) -> list[str]:
    """Podman with a store of the room's own.

    Args:
        runtime: what it starts containers with.
    """
    flags = (f"root={ROOM}/runtime", *runtime.flags)
    return [
        "podman",
        *("--root", f"{ROOM}/store", "--runroot", f"{ROOM}/run", "--tmpdir", f"{ROOM}/podman"),
        *("--storage-driver", "vfs", "--runtime", runtime.name),
        *(word for flag in flags for word in ("--runtime-flag", flag)),
    ]


def run(runtime: Runtime, job: Job, image: str | None, devices: Sequence[str] = ()) -> list[str]:
    """The command `run` of a job (podman-run(1)).

    Args:
        runtime: what it is started with.
        job: what is run.
        image: its id in the room's store; None for the root that was made of the host's programs.
        devices: fully qualified names of those that it gets, which the room's folder describes.
    """
    user = _FIRST_USER + secrets.randbelow(_USERS)
    memory = f"rw,size={job.limits.scratch_bytes},mode=1777,nosuid,nodev"
    workdir = job.folder if image is None else SCRATCH
    options = [
        *("run", "--rm", "--interactive", "--pull", "never", "--log-driver", "none", "--cgroups", runtime.cgroups),
        *("--pidfile", f"{ROOM}/{PIDFILE}", "--hostname", "sandbox", "--workdir", workdir),
        *("--network", "none", "--no-hosts", "--http-proxy=false"),
        *("--cap-drop", "all", "--security-opt", "no-new-privileges"),
        *("--security-opt", f"seccomp={ROOM}/{PROFILE}", "--user", f"{user}:{user}", "--passwd=false"),
        *("--read-only", "--read-only-tmpfs=false", "--image-volume", "ignore", "--systemd", "false"),
        *(word for folder in WRITABLE[:2] for word in ("--tmpfs", f"{folder}:{memory}")),
        *("--shm-size", str(_SHM_BYTES), "--no-healthcheck", "--umask", "0022"),
        *_limits(job),
        *(word for device in devices for word in ("--device", device)),
        *(word for name, value in job.environment.items() for word in ("--env", f"{name}={value}")),
    ]
    if image is None:
        return [*options, "--rootfs", f"{ROOM}/root", *job.command]
    entry = ["--entrypoint", job.command[0]] if job.command else []
    return [*options, *entry, image, *job.command[1:]]


def _limits(job: Job) -> list[str]:
    """The rlimits of every process inside (setrlimit(2))."""
    limits = job.limits
    most = {
        "core": 0,
        "cpu": limits.cpu_seconds,
        "data": limits.memory_bytes,
        "fsize": limits.file_bytes,
        "memlock": 0,
        "msgqueue": 0,
        "nofile": limits.open_files,
        "nproc": limits.processes,
        "sigpending": 64,
    }
    return [word for name, value in most.items() for word in ("--ulimit", f"{name}={value}:{value}")]
