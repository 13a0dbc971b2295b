"""The node's append-only log in the database: leaves, tiles and checkpoints, all in the caller's transaction.

Leaf, tiles and checkpoint become durable together, so that no checkpoint is ever seen whose leaves are not. The
unique size of a checkpoint keeps two of the same size from ever differing; `guard` keeps that true when the database
went back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import guard, own
from sild.exchange.errors import LogHeldError, UnsignedError
from sild.exchange.log_models import Checkpoint, LogState, Tile
from sild.trust.checkpoint import Checkpoint as SignedCheckpoint
from sild.trust.checkpoint import add_cosignature, sign_checkpoint
from sild.trust.proof import format_proof
from sild.trust.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.exchange.models import Record


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


def append(state: LogState, leaf_hashes: Sequence[bytes]) -> Checkpoint | None:
    """Add leaves and sign one checkpoint over all that have none; None when a partner must be asked first.

    Args:
        state: the locked row from `lock`.
        leaf_hashes: RFC 6962 leaf hashes, 32 bytes each, in order.

    Raises:
        LogHeldError: the log went back, or was ended; nothing was added.
    """
    tree = Tree(DatabaseTiles())
    guard.require_whole(state, tree)
    state.size = tree.append(state.size, leaf_hashes)
    state.save(update_fields=["size"])
    return sign(state, tree) if guard.may_sign() else None


def sign(state: LogState, tree: Tree) -> Checkpoint:
    """Sign a checkpoint over all leaves; it is held outside the database as soon as it is durable."""
    keys = own.node_keys()
    signed = SignedCheckpoint(keys.log_origin, state.size, tree.root(state.size))
    text = sign_checkpoint(keys, signed, timestamp=int(time.time()))
    checkpoint = Checkpoint.objects.create(size=state.size, text=text)
    guard.signed_freely()
    transaction.on_commit(lambda: guard.hold_if_possible(checkpoint))
    return checkpoint


def latest() -> Checkpoint | None:
    """The newest checkpoint, which may leave this node; None for an empty log.

    Raises:
        LogHeldError: that it leaves cannot be remembered; here, or when the caller's transaction ends.
    """
    checkpoint = Checkpoint.objects.first()
    if checkpoint is not None:
        release(checkpoint)
    return checkpoint


def release(checkpoint: Checkpoint) -> None:
    """Remember that a checkpoint leaves, once it is durable and before anybody can have it."""
    transaction.on_commit(lambda: guard.hold(checkpoint))


def held() -> str:
    """Why this node's log is not signed, as a sentence; empty while it is whole."""
    try:
        guard.require_whole(LogState.objects.first() or LogState(), Tree(DatabaseTiles()))
    except LogHeldError as error:
        return str(error)
    return ""


def unsigned() -> int:
    """Leaves that no checkpoint covers yet."""
    size = LogState.objects.values_list("size", flat=True).first() or 0
    return size - (Checkpoint.objects.values_list("size", flat=True).first() or 0)


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
        raise UnsignedError(
            _("This record is not signed yet: after a restart this node signs when a partner has said how far it saw "
              "its log. With no partner in reach: sild log confirm")
        )  # fmt: skip
    release(checkpoint)
    path = Tree(DatabaseTiles()).inclusion_proof(record.leaf_index, checkpoint.size)
    return format_proof(record.leaf_index, path, cosigned_text(checkpoint))
