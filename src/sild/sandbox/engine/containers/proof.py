"""The escape self-test of containers: a program that tries to escape, in one with the same runtime and options.

An image may hold no interpreter, so the program does not run in the solution's image: it runs on the host's programs,
seen read-only, in a container of its own. It proves what the runtime, its options and the host hold together, which is
what confines any image; it says nothing about what is in the image. The node listens on the host meanwhile, and what
reaches it counts as an escape whatever the program says.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import INSIDE, Job
from sild.sandbox.engine.limits import MIB, Limits
from sild.sandbox.engine.probe import Check, checks, inside_bind, said_by

if TYPE_CHECKING:
    from sild.sandbox.engine.isolation import Isolation

# What the program tries, in its order; the last may end it, which is how a limit on memory can hold.
ATTEMPTS = (
    "network",
    "secret-file",
    "other-processes",
    "write-outside",
    "nested-namespace",
    "signals",
    "forks",
    "memory",
)
OWN_KERNEL = "own-kernel"
_LIMITS = Limits(memory_bytes=128 * MIB, cpu_seconds=20, wall_seconds=60, processes=16, scratch_bytes=MIB)


def escape_checks(isolation: Isolation, *, own_kernel: bool, gpus: int = 0) -> list[Check]:
    """Try to escape and say how it went.

    Args:
        isolation: what is put to the test.
        own_kernel: whether programs inside must not see the host's kernel.
        gpus: that the program is given, as the solution will be.

    Raises:
        IsolationError: there is no isolation here.
    """
    attempts = (*ATTEMPTS[:4], *((OWN_KERNEL,) if own_kernel else ()), *ATTEMPTS[4:])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with isolation.start(_job(listener.getsockname()[1], own_kernel=own_kernel, gpus=gpus)) as process:
            said = said_by(process, len(attempts) - 1)
            process.stdin.close()  # which lets it try the last
            said += said_by(process)
            usage = process.finish()
        found = checks(said, attempts)
        if reached(listener):
            found[0] = Check("network", ok=False, detail="the node was reached on its loopback address")
    if usage.stopped_by == "memory-limit" and found[-1].detail == "the attempt said nothing":
        found[-1] = Check("memory", ok=True, detail="ended for taking too much")
    return found


def _job(port: int, *, own_kernel: bool, gpus: int) -> Job:
    """The program with what it has to know about the host."""
    python, host = interpreter(), os.uname()
    kernel = f"{host.release} {host.version}" if own_kernel else ""
    places = f"127.0.0.1:{port},192.0.2.1:80"  # the node, and RFC 5737's TEST-NET-1
    return Job(
        command=(python.program, "-I", f"{INSIDE}/contained.py", str(_LIMITS.memory_bytes), places, kernel),
        binds=(*python.binds, inside_bind()),
        limits=_LIMITS.model_copy(update={"gpus": gpus}),
        masked=python.masked,
    )


def reached(listener: socket.socket) -> bool:
    """Whether somebody connected."""
    listener.setblocking(False)
    try:
        connection, _address = listener.accept()
    except BlockingIOError:
        return False
    connection.close()
    return True
