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
    return _load(settings.CONFIG.keys)


@lru_cache(maxsize=4)
def _load(folder: Path) -> NodeKeys:
    """Load once for each folder; SILD_KEY_PASSPHRASE opens keys that were stored under one."""
    passphrase = os.environ.get("SILD_KEY_PASSPHRASE", "").encode() or None
    return NodeKeys.load(folder, passphrase)
