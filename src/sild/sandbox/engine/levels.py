"""The levels of isolation: which one fits a solution, and what isolates at that level. There is no falling back."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine import default_isolation
from sild.sandbox.engine.containers import images
from sild.sandbox.engine.containers.arguments import CRUN, RUNSC
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.kubernetes.jobs import KubernetesJobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from sild.sandbox.engine.isolation import Finding, Isolation
    from sild.sandbox.engine.solution import Start

L0, L1, L2, L3 = "L0", "L1", "L2", "L3"
LEVELS = (L0, L1, L2, L3)


def fitting(level: str, start: Start, gpus: int = 0) -> str:
    """The level that a solution runs at.

    Args:
        level: the one that was asked for; empty for the lowest that fits.
        start: how the solution is started.
        gpus: that it occupies.

    Raises:
        IsolationError: it cannot run at that level, or there is no such level.
    """
    if level and level not in LEVELS:
        raise IsolationError(f"There is no level {level}. Ask for one of {', '.join(LEVELS)}.")
    remote = start.protocol == "endpoint"
    if remote and level not in {"", L0}:
        raise IsolationError(
            f"This solution is an endpoint elsewhere: nothing of it runs here, which is level L0 and never {level}."
        )
    if level == L0 and not remote:
        raise IsolationError("Level L0 runs nothing, and this solution is run. Ask for level L1 or a higher one.")
    if gpus and (remote or level == L1):
        raise IsolationError(
            "This solution asks for GPUs. Level L1 gives it none: a driver in this host's kernel within its reach "
            "would be no isolation. Ask for level L2 or L3, or leave limits.gpus out."
        )
    if level == L3 and not images.is_reference(start.image):
        raise IsolationError(
            "Level L3 runs images by digest alone, as in name@sha256:…; the cluster fetches them itself."
        )
    return level or (L0 if remote else L2 if gpus else L1)


def isolation(level: str, start: Start, gpus: int = 0) -> Isolation:
    """What a solution runs in; whether this host has it, `Isolation.require` says, and so does starting.

    Args:
        level: the one that was asked for; empty for the lowest that fits.
        start: how the solution is started.
        gpus: that it occupies.

    Raises:
        IsolationError: the solution cannot run at that level.
    """
    fits = fitting(level, start, gpus)
    if fits == L3:
        return KubernetesJobs()
    if fits == L2:
        return _podman_runsc(gpus)
    return _podman_crun() if start.image else default_isolation()


def _as_it_is(finding: Finding) -> str:
    """What is missing, and what to do."""
    return f"{finding.name}: {finding.detail} {finding.mend}"


def offered(say: Callable[[Finding], str] = _as_it_is) -> list[dict[str, Any]]:
    """Every way to isolate, as JSON: `level`, `for` what, `backend`, `ok`, and what is `missing` with what to do.

    Looked at by running it; the levels that are offered here are those that a run may ask for.

    Args:
        say: puts what is missing into words.
    """
    ways = (
        (L1, "commands and models", default_isolation()),
        (L1, "images", _podman_crun()),
        (L2, "commands, models and images", _podman_runsc()),
        (L2, "solutions with a GPU", _podman_runsc(1)),
        (L3, "images by digest", KubernetesJobs()),
    )
    told: list[dict[str, Any]] = [{"level": L0, "for": "endpoints", "backend": "none", "ok": True, "missing": ""}]
    for level, what, way in ways:
        missing = [say(one) for one in way.available() if not one.ok]
        row = {"level": level, "for": what, "backend": way.backend, "ok": not missing, "missing": " ".join(missing)}
        told.append(row)
    return told


@lru_cache(maxsize=1)
def _podman_crun() -> Isolation:
    """Containers on the host's kernel."""
    return Podman(CRUN)


def _podman_runsc(gpus: int = 0) -> Isolation:
    """Containers with a kernel of their own, and with GPUs where they are asked for."""
    return Podman(RUNSC, gpus)
