"""The escape self-test of pods: programs that try to escape, as a user without a name and as root, in a pod like any.

An image may hold no interpreter, so they run on the host's programs, seen read-only, with the same runtime, options,
network and kind of user namespace. It says nothing about what is in an image.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import replace
from pathlib import Path

from sild.sandbox.engine import cgroup
from sild.sandbox.engine.containers import proof as contained
from sild.sandbox.engine.containers.arguments import ROOM, RUNSC
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.containers.root import prepare
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import INSIDE, Finding, Job
from sild.sandbox.engine.limits import MIB, Limits
from sild.sandbox.engine.pods.pod import Pod, PodError
from sild.sandbox.engine.pods.spec import Container
from sild.sandbox.engine.pods.store import Store
from sild.sandbox.engine.pods.users import User
from sild.sandbox.engine.probe import Check, checks, inside_bind

_LIMITS = Limits(memory_bytes=128 * MIB, processes=16)
_NOBODY = User(29_999, 29_999, (), "/")
_SECONDS, _MOST = 60.0, MIB
MACHINES = "machines"  # all of it together, as reports have it
ROOTED = ("root-writes", "root-devices", "root-mounts", "root-packets")


def available() -> list[Finding]:
    """What this host offers for pods: what containers of level L2 need, and a bound on memory."""
    bound = any(one.name == "memory" for one in cgroup.controllers())
    mend = "Run the node as root or under a systemd that delegates the controller “memory” to it."
    told = "bounds all machines of a sample" if bound else "none here, and nothing else bounds a pod's memory"
    return [*Podman(RUNSC).available(), Finding("control group of a pod", bound, told, mend)]


def backend() -> str:
    """What isolates, with versions."""
    return Podman(RUNSC).backend


def prove() -> list[Check]:
    """Try to escape and say how it went.

    Raises:
        IsolationError: there are no pods here.
    """
    python, own = interpreter(), f"sild-escape-{secrets.token_hex(8)}"
    job = Job((python.program,), binds=(*python.binds, inside_bind()), masked=python.masked)
    with Store() as store, socket.create_server(("127.0.0.1", 0)) as listener:
        pod = Pod(store.made, _LIMITS, binds=prepare(store.made, job))
        pod.open()
        try:
            for name, user, read_only in (("root", User(), False), ("nobody", _NOBODY, True)):
                idle = Container(f"{ROOM}/root", ("/usr/bin/sleep", "600"), user=user, processes=_LIMITS.processes)
                pod.start(name, replace(idle, read_only=read_only))
            found = checks(_said(pod, "root", python.program, "rooted.py", own), ROOTED)
            attempts = (*contained.ATTEMPTS[:4], contained.OWN_KERNEL, *contained.ATTEMPTS[4:])
            more = checks(_said(pod, "nobody", python.program, "contained.py", *_known(listener)), attempts)
        finally:
            lost = pod.lost
            pod.close()
        found[0] = _unseen(found[0], own, store.made.folder)
        if lost and more[-1].detail == "the attempt said nothing":
            more[-1] = Check("memory", ok=True, detail="ended for taking too much")
        if contained.reached(listener):
            more[0] = Check("network", ok=False, detail="the node was reached on its loopback address")
    return [*more, *found]


def _known(listener: socket.socket) -> tuple[str, ...]:
    """What the program is told: its memory, the node and RFC 5737's TEST-NET-1, the host's kernel."""
    host, port = os.uname(), listener.getsockname()[1]
    return str(_LIMITS.memory_bytes), f"127.0.0.1:{port},192.0.2.1:80", f"{host.release} {host.version}"


def _said(pod: Pod, name: str, program: str, script: str, *arguments: str) -> bytes:
    """What a program said, until its end or the pod's."""
    try:
        command = [program, "-I", f"{INSIDE}/{script}", *arguments]
        ran, _started = pod.run(name, command, most=_MOST, seconds=_SECONDS)
    except PodError as error:
        return error.said
    return ran.out


def _unseen(check: Check, name: str, room: Path) -> Check:
    """Whether what root wrote inside is nowhere on the host."""
    places = [Path(top, folder, name) for top in ("/", str(room / "root")) for folder in ("", "etc", "usr", "usr/bin")]
    seen = [str(place) for place in places if os.path.lexists(place)]
    return Check(check.name, ok=False, detail=f"{seen[0]} is on the host") if seen else check


def require() -> list[Check]:
    """Prove the isolation, once in this process; `probe.require` judges it.

    Raises:
        IsolationError: it is not there.
    """
    missing = [one for one in available() if not one.ok]
    if missing:
        why = " ".join(f"{one.name}: {one.detail}. {one.mend}" for one in missing)
        raise IsolationError(f"Tasks with images need level L2, which is not to be had here. {why}")
    return prove()
