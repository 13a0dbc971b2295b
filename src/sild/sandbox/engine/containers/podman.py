"""Isolation by Podman: images with crun at level L1, anything with gVisor's runsc at level L2.

Podman runs without any right on the host, in a user namespace of the run's own, also when the node is root's.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sild.sandbox.engine import cgroup, watch
from sild.sandbox.engine.containers import arguments, devices, profile, proof
from sild.sandbox.engine.containers.process import ContainerProcess
from sild.sandbox.engine.containers.room import room
from sild.sandbox.engine.containers.root import prepare
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.isolation import Finding, Job, require_all
from sild.sandbox.engine.limits import MIB, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

    from sild.sandbox.engine.containers.arguments import Runtime
    from sild.sandbox.engine.containers.room import Held, Room
    from sild.sandbox.engine.probe import Check

MEND = "Install it: apt-get install podman crun uidmap"
_LOAD_SECONDS = 600
_START_SECONDS = 30.0
_PODMAN_BYTES, _PODMAN_THREADS = 128 * MIB, 64


@dataclass(frozen=True, slots=True)
class Podman:
    """One of the two backends that run containers.

    Attributes:
        gpus: that each container is given, that of the self-test too.
    """

    runtime: Runtime
    gpus: int = 0

    @property
    def level(self) -> str:
        """L1 where the container shares the host's kernel, L2 where the runtime has one of its own."""
        return self.runtime.level

    @property
    def backend(self) -> str:
        """Podman and the runtime with their versions."""
        return " with ".join(f"{name} {_version(name)}".strip() for name in ("podman", self.runtime.name))

    def available(self) -> list[Finding]:
        """Both programs, the filter, and a container that was run here."""
        found = [_program("podman", MEND), _program(self.runtime.name, self.runtime.mend)]
        listed = profile.path()
        mend = "Install it: apt-get install golang-github-containers-common, or containers-common."
        told = "Podman's list, less what level L1 refuses" if listed else "Podman's list is missing"
        found.append(Finding("seccomp", listed is not None, told, mend))
        if all(finding.ok for finding in found):
            why = _trial(self.runtime)
            ran = "without any right on the host, in a user namespace with ids of its own"
            found.append(Finding("container", not why, why or ran, "See docs/sandbox.md on containers."))
        if self.gpus:
            found += devices.findings(self.runtime, self.gpus)
        return [*found, *_group_findings()]

    def require(self) -> None:
        """Pass if every measure is there.

        Raises:
            IsolationError: naming each one that is missing.
        """
        require_all(self.available(), f"Level {self.level} is not to be had on this host, so nothing was run.")

    def prove(self) -> list[Check]:
        """Try to escape from a container of the same runtime with the same options; see `proof`."""
        return proof.escape_checks(self, own_kernel=self.runtime.own_kernel, gpus=self.gpus)

    def start(self, job: Job) -> ContainerProcess:
        """Start a command in a container, or an image; see `Isolation.start`."""
        if job.egress:
            raise IsolationError(f"At level {self.level} nothing is let out, so the solution was not run.")
        self.require()
        return _start(self.runtime, job)


def _start(runtime: Runtime, job: Job) -> ContainerProcess:
    """Start a container, with the limits in force before its first instruction."""
    with ExitStack() as held:
        given = held.enter_context(devices.held(runtime, job.limits.gpus))
        made = held.enter_context(room())
        devices.write(made.folder, given, image=bool(job.image))
        group = cgroup.make(_together(runtime, job.limits))
        held.callback(group.remove)
        binds = prepare(made, job)
        base = arguments.podman(devices.with_proxy(runtime) if given else runtime)
        image = _load(made, base, group) if job.image else None
        names = [devices.name(one) for one in given]
        command = [*base, *arguments.run(runtime, job, image, names)]
        popen, init = _begin(_held(made, command, binds, group), group)
        return ContainerProcess(
            popen,
            init,
            pidfile=made.folder / arguments.PIDFILE,
            own_kernel=runtime.own_kernel,
            limits=job.limits.model_copy(update={"memory_bytes": job.limits.memory_bytes + runtime.own_bytes}),
            group=group,
            held=held.pop_all(),
            devices=names,
        )


def _held(made: Room, command: list[str], binds: list[tuple[str, str]], group: cgroup.Group) -> Held:
    """A program in the room that waits, born in the control groups."""
    with group.entered():
        return made.spawn(command, binds, arguments.environment())


def _begin(waiting: Held, group: cgroup.Group) -> tuple[Popen[bytes], int]:
    """Let it go on; the id of the first process of the new process namespace."""
    group.add(waiting.popen.pid)
    waiting.let_go()
    popen, deadline = waiting.popen, time.monotonic() + _START_SECONDS
    while popen.poll() is None and time.monotonic() < deadline:
        if inside := watch.children(popen.pid):
            return popen, inside[0]
        time.sleep(0.001)
    popen.kill()
    said = popen.communicate()[1].decode(errors="replace").strip()
    raise IsolationError(f"The container could not be started, so nothing was run: {said or 'no process appeared'}")


def _load(made: Room, base: list[str], group: cgroup.Group) -> str:
    """Unpack the image into the room's own store, in the same namespaces; its id.

    Raises:
        IsolationError: it is no image that can be run here.
    """
    waiting = _held(made, [*base, "pull", "--quiet", f"oci-archive:{arguments.ROOM}/{arguments.ARCHIVE}"], [], group)
    popen, _init = _begin(waiting, group)
    try:
        output, said = popen.communicate(timeout=_LOAD_SECONDS)
    except subprocess.TimeoutExpired as error:
        popen.kill()
        popen.communicate()
        raise IsolationError(f"The image was not unpacked within {_LOAD_SECONDS} s, so nothing was run.") from error
    if popen.returncode != 0:
        why = (said.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise IsolationError(f"The image cannot be run here, so nothing was run: {why}")
    return output.decode().split()[-1]


def _together(runtime: Runtime, limits: Limits) -> Limits:
    """What the control groups bound: the container, its runtime and Podman."""
    memory = limits.memory_bytes + runtime.own_bytes + _PODMAN_BYTES
    threads = limits.processes * runtime.threads_each + runtime.own_threads + _PODMAN_THREADS
    return limits.model_copy(update={"memory_bytes": memory, "processes": threads})


@lru_cache(maxsize=2)
def _trial(runtime: Runtime) -> str:
    """Run a container that does nothing; what is wrong, or an empty text."""
    try:
        with _start(runtime, Job(("/usr/bin/true",), limits=Limits(wall_seconds=30))) as process:
            process.stdin.close()
            said = process.stderr.read().decode(errors="replace").strip()
            usage = process.finish()
    except (IsolationError, OSError) as error:
        return str(error)
    return "" if usage.exit == 0 and not usage.stopped_by else f"a container did not run: {said or usage.exit}"


def _program(name: str, mend: str) -> Finding:
    """Whether a program is on the path."""
    path = shutil.which(name)
    return Finding(name, path is not None, f"{_version(name)} ({path})" if path else "it is not installed", mend)


@lru_cache(maxsize=4)
def _version(name: str) -> str:
    """The version of a program, the first line's last word that has digits."""
    path = shutil.which(name)
    if path is None:
        return ""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.splitlines()
    return next((word for word in reversed(said[0].split() if said else []) if any(map(str.isdigit, word))), "")


def _group_findings() -> Iterator[Finding]:
    """Control groups hold the container and its runtime together; the watchdog looks where there are none."""
    found = {controller.name: controller for controller in cgroup.controllers()}
    for name in ("memory", "pids"):
        controller = found.get(name)
        detail = f"version {controller.version}" if controller else "none here: the watchdog counts instead"
        yield Finding(f"control group: {name}", True, detail)
