"""This node's own name and keys, read once from its home folder."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from sild.trust.identity import NodeKeys

if TYPE_CHECKING:
    from pathlib import Path


def node_id() -> str:
    """The id of this node, as in `tallinn`."""
    name: str = settings.CONFIG.node
    return name


def node_keys() -> NodeKeys:
    """The node's keys.

    Raises:
        IdentityError: there are none yet, or they may be read by others; the sentence says what to do.
    """
    folder: Path = settings.CONFIG.keys
    return _load(folder, _stamp(folder / "identity.json"), _stamp(folder / "node.key"))


def passphrase() -> bytes | None:
    """What opens keys that were stored under a passphrase."""
    return os.environ.get("SILD_KEY_PASSPHRASE", "").encode() or None


@lru_cache(maxsize=4)
def _load(folder: Path, *_stamps: tuple[int, int]) -> NodeKeys:
    """Load once for each state of the files, so that a running node takes over rotated keys by itself."""
    return NodeKeys.load(folder, passphrase())


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is replaced; zeroes when there is none."""
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return facts.st_ino, facts.st_mtime_ns
