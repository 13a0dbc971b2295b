"""The escape self-test in a cluster: a program that tries to escape, in a pod like the solution's.

The pod has the same runtime class, policy and options, and runs an image with Python that the node's administrator
names. So it proves what the cluster holds at that moment, on the machine that the pod was put on; a cluster of unlike
machines has to give the runtime class to those that are alike.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.containers.proof import ATTEMPTS, OWN_KERNEL
from sild.sandbox.engine.isolation import SCRATCH, Job
from sild.sandbox.engine.limits import MIB, Limits
from sild.sandbox.engine.probe import Check, checks

if TYPE_CHECKING:
    from sild.sandbox.engine.kubernetes.settings import Settings

_PROGRAMS = ("contained.py", "escape.py")
_LIMITS = Limits(memory_bytes=256 * MIB, wall_seconds=300, scratch_bytes=MIB)
# Writes the programs to where it may write and becomes the first of them: an image from elsewhere has none of ours.
_BEGIN = (
    "import json, os, sys; [open(os.path.join(sys.argv[1], name), 'w').write(text) for name, text in "
    "json.loads(sys.argv[2]).items()]; first = os.path.join(sys.argv[1], 'contained.py'); "
    "os.execv(sys.executable, [sys.executable, '-I', first, *sys.argv[3:]])"
)
_UNKNOWN = "?"  # the host's kernel, which the program is not told


def job(settings: Settings) -> Job:
    """The program, told what is forbidden: the cluster's own API is the nearest thing that it could reach."""
    folder = files("sild.sandbox.engine") / "inside"
    programs = json.dumps({name: (folder / name).read_text(encoding="utf-8") for name in _PROGRAMS})
    places = f"{settings.host}:{settings.port},192.0.2.1:80"
    told = (str(_LIMITS.memory_bytes), places, _UNKNOWN, "interface")
    return Job(
        command=("python3", "-I", "-c", _BEGIN, SCRATCH, programs, *told),
        limits=_LIMITS,
        image=settings.probe_image,
    )


def judged(said: bytes, ended: dict[str, Any] | None, kernel: str) -> list[Check]:
    """What came of the attempts.

    Args:
        said: what the program printed.
        ended: how its container ended.
        kernel: of the machine that the pod was on; the program must have seen another one.
    """
    found = checks(said, (*ATTEMPTS[:4], OWN_KERNEL, *ATTEMPTS[4:]))
    seen = found[4]
    if seen.detail.startswith(f"{kernel} ") or not kernel:
        found[4] = Check(OWN_KERNEL, ok=False, detail=f"{seen.detail} is the host's")
    if ended and ended["reason"] == "OOMKilled" and found[-1].detail == "the attempt said nothing":
        found[-1] = Check("memory", ok=True, detail="ended for taking too much")
    return found
