"""The interface of isolation: what a confined job is, and what a backend must offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sild.sandbox.engine.probe import Check
    from sild.sandbox.engine.process import Process

# Where things stand inside; nothing else of the node's is there.
SOLUTION = "/solution"
SCRATCH = "/scratch"
PACKAGES = "/packages"
INSIDE = "/sild"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `mend` says how to get what is missing."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder of the host that is seen read-only at `target`."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Job:
    """A command to run confined.

    Attributes:
        command: program and arguments; the program's path as it is inside. Empty only with an image that has its own.
        binds: what it sees besides the system's own programs and libraries, read-only.
        environment: all the variables it has.
        folder: where it starts.
        limits: what it may use.
        masked: folders that are shown empty.
        first: whether the command is the first process of its namespace, which nothing in there can kill.
        egress: what it may reach through the node's proxy, as `host:port`; not together with `loopback`.
        loopback: whether it may serve and reach internet sockets of its own, in a network without a way out.
        image: a container image that it runs in instead of the host's programs: the path of an OCI archive on the
            host, or a name with a digest.
    """

    command: tuple[str, ...]
    binds: tuple[Bind, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = SCRATCH
    limits: Limits = field(default_factory=Limits)
    masked: tuple[str, ...] = ()
    first: bool = False
    loopback: bool = False
    egress: tuple[str, ...] = ()
    image: str = ""


class Isolation(Protocol):
    """A way to run a command that can touch nothing but its scratch folder."""

    @property
    def level(self) -> str:
        """The level it claims: L1 shares the host's kernel, L2 has one of its own, L3 is not on this host."""

    @property
    def backend(self) -> str:
        """Name and version of what isolates."""

    def available(self) -> list[Finding]:
        """What this host offers for it, looked at by running it."""

    def require(self) -> None:
        """Pass if everything that is needed is there.

        Raises:
            IsolationError: saying what is missing and how to get it.
        """

    def prove(self) -> list[Check]:
        """Try to escape, at this very isolation; `probe.require` judges what comes out.

        Raises:
            IsolationError: there is no isolation here.
        """

    def start(self, job: Job) -> Process:
        """Start a command confined, its limits in force before its first instruction.

        Raises:
            IsolationError: it could not be confined; nothing was run.
        """


def require_all(findings: Sequence[Finding], refusal: str) -> None:
    """Pass if every measure is there.

    Args:
        findings: what was looked at.
        refusal: the sentence that says what is not done now.

    Raises:
        IsolationError: the refusal, then each measure that is missing with what to do.
    """
    missing = [one for one in findings if not one.ok]
    if missing:
        why = " ".join(f"{one.name}: {one.detail}. {one.mend}" for one in missing)
        raise IsolationError(f"{refusal} {why}")
