"""Landlock: rights to files and the network that a process gives up for good (landlock(7), linux/landlock.h).

The mounts already keep a program from what is not its own. This says the same a second time, in other code of the
kernel: everything may be read, only the scratch folder and the devices may be written, no TCP, and no signals and no
abstract sockets beyond the program's own processes.
"""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass
from functools import lru_cache

from sild.sandbox.engine.isolation import SCRATCH

CREATE, ADD, RESTRICT = 444, 445, 446  # the same numbers on every machine
PATH_RULE = 1
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION

_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_CHANGES = sum(1 << bit for bit in range(4, 13))  # remove and make, of every kind of file
_REFER, _TRUNCATE = 1 << 13, 1 << 14  # since versions 2 and 3
_TCP = 0b11  # bind and connect, since version 4
_SCOPES = 0b11  # abstract Unix sockets and signals, since version 6


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What is handled, and what is allowed all the same.

    Attributes:
        attributes: struct landlock_ruleset_attr, as long as this kernel knows it.
        allowed: folder inside and the rights below it.
    """

    attributes: bytes
    allowed: tuple[tuple[str, int], ...]


@lru_cache(maxsize=1)
def version() -> int:
    """The kernel's version of the interface; 0 where there is none."""
    asked: int = ctypes.CDLL(None, use_errno=True).syscall(CREATE, None, 0, _VERSION)
    return max(asked, 0)


def ruleset(known: int, *, loopback: bool = False) -> Ruleset:
    """The rules for a kernel that knows this version of the interface.

    Args:
        known: the version, at least 1.
        loopback: whether TCP is needed inside, in a network namespace of its own.
    """
    files = _EXECUTE | _WRITE | _READ | _LIST | _CHANGES
    files |= (_REFER if known >= 2 else 0) | (_TRUNCATE if known >= 3 else 0)  # noqa: PLR2004 -- versions
    words = [files]
    if known >= 4:  # noqa: PLR2004
        words.append(0 if loopback else _TCP)
    if known >= 6:  # noqa: PLR2004
        words.append(_SCOPES)
    devices = files & (_WRITE | _TRUNCATE)
    allowed = (("/", _EXECUTE | _READ | _LIST), (SCRATCH, files), ("/dev", devices), ("/dev/shm", files))  # noqa: S108 -- the one inside
    return Ruleset(struct.pack(f"<{len(words)}Q", *words), allowed)
