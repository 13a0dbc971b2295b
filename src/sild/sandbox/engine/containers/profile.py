"""The system-call filter of a container: Podman's own list of what is allowed, less what level L1 refuses.

Podman's list allows new namespaces and mounts, which capabilities bound; a user namespace brings capabilities back.
"""

from __future__ import annotations

import errno
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from sild.sandbox.engine import seccomp

# Where containers-common puts it (seccomp.json(5) of that package); the administrator's comes first.
FILES = (Path("/etc/containers/seccomp.json"), Path("/usr/share/containers/seccomp.json"))
_ERRNO = "SCMP_ACT_ERRNO"


@lru_cache(maxsize=1)
def path() -> Path | None:
    """The list that Podman uses on this host."""
    return next((file for file in FILES if file.is_file()), None)


def profile(file: Path) -> str:
    """The filter as Podman reads it.

    Args:
        file: Podman's own list.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    told: dict[str, Any] = json.loads(file.read_text())
    refused = seccomp.refused() - {"clone", "clone3"}
    for rule in told["syscalls"]:
        if rule["action"] == "SCMP_ACT_ALLOW":
            rule["names"] = [name for name in rule["names"] if name not in refused | {"clone", "clone3"}]
    told["syscalls"] = [rule for rule in told["syscalls"] if rule["names"]]
    told["syscalls"] += [_rule(sorted(refused), errno.EPERM), _rule(["clone3"], errno.ENOSYS), _clone()]
    return json.dumps(told)


def _rule(names: list[str], error: int) -> dict[str, Any]:
    """Calls that fail with an error."""
    return {"names": names, "action": _ERRNO, "errnoRet": error, "args": []}


def _clone() -> dict[str, Any]:
    """Processes and threads, but no namespaces: the flags are the first argument on x86-64 and aarch64."""
    unset = {"index": 0, "value": seccomp.NEW_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    return {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [unset]}
