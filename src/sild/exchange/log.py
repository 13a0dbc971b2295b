"""The node's append-only log in the database: leaves, tiles and checkpoints, all in the caller's transaction.

Leaf, tiles and checkpoint become durable together (C2SP tlog-tiles: a checkpoint is never signed for leaves that are
not), and the unique size of a checkpoint keeps two of the same size from ever differing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import transaction

from sild.exchange import own
from sild.exchange.models import Checkpoint, LogState, Record, Tile
from sild.trust.checkpoint import Checkpoint as SignedCheckpoint
from sild.trust.checkpoint import add_cosignature, sign_checkpoint
from sild.trust.proof import format_proof
from sild.trust.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Sequence


class DatabaseTiles:
    """The log's tiles as rows; kept in memory for the life of this object, so that a batch reads each once."""

    def __init__(self) -> None:
        self._cache: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, index: int) -> bytes:
        """Hashes present in a tile, joined; empty when there are none."""
        place = (level, index)
        if place not in self._cache:
            row = Tile.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
            self._cache[place] = bytes(row or b"")
        return self._cache[place]

    def write(self, level: int, index: int, data: bytes) -> None:
        """Replace a tile by a longer one that starts with the same hashes."""
        self._cache[level, index] = data
        Tile.objects.update_or_create(level=level, index=index, defaults={"hashes": data})


def lock() -> LogState:
    """Take the log for the rest of the transaction: one sequencer at a time."""
    LogState.objects.get_or_create(pk=1)
    return LogState.objects.select_for_update().get(pk=1)


def append(state: LogState, leaf_hashes: Sequence[bytes]) -> Checkpoint:
    """Add leaves and sign one checkpoint over all of them.

    Args:
        state: the locked row from `lock`.
        leaf_hashes: RFC 6962 leaf hashes, 32 bytes each, in order.
    """
    tree = Tree(DatabaseTiles())
    state.size = tree.append(state.size, leaf_hashes)
    state.save(update_fields=["size"])
    keys = own.node_keys()
    signed = SignedCheckpoint(keys.log_origin, state.size, tree.root(state.size))
    text = sign_checkpoint(keys, signed, timestamp=int(time.time()))
    return Checkpoint.objects.create(size=state.size, text=text)


def latest() -> Checkpoint | None:
    """The newest checkpoint; None for an empty log."""
    return Checkpoint.objects.first()


def cosigned_text(checkpoint: Checkpoint) -> str:
    """The checkpoint with every witness's line added to it."""
    text = checkpoint.text
    for line in checkpoint.cosignatures.order_by("witness_id").values_list("line", flat=True):
        text = add_cosignature(text, line)
    return text


@transaction.atomic
def prove(record: Record) -> str:
    """The tlog-proof of one of our own records, under the newest checkpoint that covers it, cosigned if one is."""
    covering = Checkpoint.objects.filter(size__gt=record.leaf_index)
    checkpoint = covering.filter(cosignatures__isnull=False).first() or covering.first()
    if checkpoint is None:
        raise LookupError(f"No checkpoint covers leaf {record.leaf_index}: the log is incomplete.")
    path = Tree(DatabaseTiles()).inclusion_proof(record.leaf_index, checkpoint.size)
    return format_proof(record.leaf_index, path, cosigned_text(checkpoint))
