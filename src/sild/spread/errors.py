"""What can go wrong when work is spread; each error is a sentence with a stable code."""

from __future__ import annotations


class SpreadError(Exception):
    """Work cannot be spread here."""

    code = "spread"


class ShardError(SpreadError):
    """The function raised an error for a shard; trying again would raise it again."""

    code = "spread-shard"


class LostError(SpreadError):
    """Workers were lost again and again with the same shard."""

    code = "spread-lost"
