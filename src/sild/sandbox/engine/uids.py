"""A user id that nobody else has, for each run that root starts: limits by user count for it alone."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# systemd's UIDS-GIDS lists 0x70000000 to 0x7FFFFFFF as unused by any distribution or container manager.
_UNUSED = range(0x70000000, 0x7FFFFFFF)
_MAP = Path("/proc/self/uid_map")

_taken: set[int] = set()


def pool(uid_map: str) -> range:
    """The ids to choose from: the unused range, or the upper half of what a container was given.

    Args:
        uid_map: the text of /proc/self/uid_map (user_namespaces(7)).
    """
    ranges = [
        range(int(first), int(first) + int(count)) for first, _outside, count in map(str.split, uid_map.splitlines())
    ]
    if any(_UNUSED.start in given and _UNUSED.stop - 1 in given for given in ranges):
        return _UNUSED
    widest = max(ranges, key=len)
    return widest[len(widest) // 2 :]


@contextmanager
def fresh_uid() -> Iterator[int]:
    """Reserve an id in this process for as long as the context lasts."""
    choices = pool(_MAP.read_text())
    uid = secrets.choice(choices)
    while uid in _taken and len(_taken) < len(choices):
        uid = secrets.choice(choices)
    _taken.add(uid)
    try:
        yield uid
    finally:
        _taken.discard(uid)
