"""The escape self-test: a program that tries to escape is run at the same isolation before each run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine import landlock
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import INSIDE, Bind, Job
from sild.sandbox.engine.limits import MIB, Limits

if TYPE_CHECKING:
    from sild.sandbox.engine.isolation import Isolation
    from sild.sandbox.engine.process import Process

# What the program tries, in its order; an attempt that says nothing counts as an escape.
ATTEMPTS = (
    "network",
    "secret-file",
    "other-processes",
    "write-outside",
    "forbidden-write",
    "nested-namespace",
    "signals",
    "forks",
    "memory",
)
_LIMITS = Limits(memory_bytes=128 * MIB, cpu_seconds=5, wall_seconds=15, processes=16, scratch_bytes=MIB)
_SAID_AT_MOST = 16 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One attempt to escape: whether the isolation held, and what the program saw."""

    name: str
    ok: bool
    detail: str


def inside_bind() -> Bind:
    """The folder of programs that run inside."""
    return Bind(str(files("sild.sandbox.engine") / "inside"), INSIDE)


def escape_checks(isolation: Isolation) -> list[Check]:
    """Try to escape and say how it went.

    Raises:
        IsolationError: there is no isolation here.
    """
    python = interpreter()
    job = Job(
        command=(python.program, "-I", f"{INSIDE}/escape.py", str(_LIMITS.memory_bytes), str(landlock.version())),
        binds=(*python.binds, inside_bind()),
        limits=_LIMITS,
        masked=python.masked,
    )
    with isolation.start(job) as process:
        process.stdin.close()
        said = said_by(process)
        process.finish()
    return checks(said)


def require(found: list[Check]) -> None:
    """Pass if every check held.

    Raises:
        IsolationError: naming those that did not.
    """
    failed = [f"{check.name} ({check.detail})" for check in found if not check.ok]
    if failed:
        raise IsolationError(f"The isolation does not hold on this host, so nothing is run: {', '.join(failed)}.")


def as_dicts(found: list[Check]) -> list[dict[str, Any]]:
    """The checks as the report has them."""
    return [asdict(check) for check in found]


def said_by(process: Process, lines: int = _SAID_AT_MOST) -> bytes:
    """What the program printed, up to a bound; its wall-clock limit ends it.

    Args:
        process: that runs it.
        lines: after which it is left running.
    """
    said = b""
    while len(said) < _SAID_AT_MOST and said.count(b"\n") < lines and (chunk := _chunk(process)):
        said += chunk
    return said


def _chunk(process: Process) -> bytes:
    """The next piece of output; empty at its end or when a limit was reached."""
    while not process.check():
        if process.readable(0.05):
            return process.stdout.read(4096) or b""
    return b""


def checks(said: bytes, attempts: tuple[str, ...] = ATTEMPTS) -> list[Check]:
    """One check for each attempt, in order, from what the program printed."""
    heard: dict[str, Check] = {}
    for line in said.splitlines():
        told = json.loads(line)
        heard[told["name"]] = Check(told["name"], told["ok"] is True, str(told["detail"])[:200])
    return [heard.get(name, Check(name, ok=False, detail="the attempt said nothing")) for name in attempts]
