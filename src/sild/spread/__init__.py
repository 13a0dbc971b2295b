"""The wide part of a job over many processes or machines: map over shards, content in, content out.

A function is named, not passed; it takes what all shards share and one shard, both bytes, and returns bytes. The same
content gives the same key, so an output that is there already is not made again, and a worker that is lost costs only
the shards that it had not finished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sild.spread.local import LocalPool

if TYPE_CHECKING:
    from sild.spread.shards import Pool

LOCAL = "local"


def pool(address: str = "") -> Pool:
    """The pool at an address: processes of this machine, or a Ray cluster (`sild[cluster]`).

    Args:
        address: empty or `local` for as many processes as there are processors, `local:4` for four, else an address as
            Ray has it: `auto`, `10.0.0.1:6379`, `ray://head:10001`.

    Raises:
        SpreadError: Ray is not installed, or nothing answers there.
    """
    kind, _colon, count = address.partition(":")
    if kind in {"", LOCAL}:
        return LocalPool(int(count) if count.isdecimal() else None)
    from sild.spread.cluster import RayPool  # noqa: PLC0415 -- Ray is an extra

    return RayPool(address)
