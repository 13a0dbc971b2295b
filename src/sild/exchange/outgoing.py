"""What a partner gets when it asks for news: an index numbered for it alone, each record proved, sealed if narrow."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from sild.exchange import blobs, gate, lag, log, narrowing, own
from sild.exchange.errors import HistoryError, NotFoundError, PartnerError, WithheldError
from sild.exchange.log_models import Checkpoint, Cosignature
from sild.exchange.models import Attachment, Delivery, Partner, Record, Sealing
from sild.exchange.partners import identity_of
from sild.exchange.stores import PREFIX
from sild.trust.checkpoint import verify_cosignature
from sild.trust.errors import TrustError
from sild.trust.proof import write_path
from sild.trust.seal import seal
from sild.trust.sealed_blob import SealedBlob, new_head
from sild.trust.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE_RECORDS = 256
# Marks what was numbered in the urgent index.
URGENT = "urgent"
# A page is taken over whole or not at all, so that it must get through at 64 kbit/s while there is power.
PAGE_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file as it leaves for a partner.

    Attributes:
        total: bytes that travel.
        tag: other bytes have another tag (RFC 9110 section 8.8.3).
        read: gives `length` of these bytes from `start`.
    """

    total: int
    tag: str
    read: Callable[[int, int], bytes]

    def pieces(self) -> Iterator[bytes]:
        """All of them, in pieces of 1 MiB."""
        for start in range(0, self.total, blobs.PIECE):
            yield self.read(start, blobs.PIECE)


@transaction.atomic
def page(partner: Partner, *, after: int, have: int, urgent: int = 0) -> dict[str, Any] | None:
    """The next page of a partner's two indexes, urgent entries first; None when there is nothing new.

    Args:
        partner: who asks; it must be pinned.
        after: the last ordinary position that the partner has imported, which confirms all up to it.
        have: size of the newest checkpoint of ours that the partner has verified.
        urgent: the last urgent position that it has imported, likewise.

    Returns:
        `checkpoint`, `consistency` (base64 hashes), `entries` (each with `position`, `index`, `path`, `chain` and
        `record`, `sealed` or `withdrawn`, and `lane`, which is "urgent", when it is) and `more`.

    Raises:
        HistoryError: the partner has seen more of our log than there is: this node was rolled back.
    """
    checkpoint = log.latest()
    if checkpoint is None:
        return None
    if have > checkpoint.size:
        raise HistoryError(
            f"You have verified {have} leaves of this log, which has {checkpoint.size}: this node lost data."
        )
    after_each = {True: urgent, False: after}
    _confirm(partner, after_each)
    tree = Tree(log.DatabaseTiles())
    entries, more = entries_after(partner, after_each, checkpoint, tree)
    if not entries and have == checkpoint.size:
        return None
    return {
        "checkpoint": checkpoint.text,
        "consistency": consistency(tree, have, checkpoint.size),
        "entries": entries,
        "more": more,
    }


def consistency(tree: Tree, old: int, new: int) -> list[str]:
    """The proof that the log of `new` leaves continues the one of `old`, as it travels."""
    return write_path(tree.consistency_proof(old, new))


def entries_after(
    partner: Partner, after: dict[bool, int], checkpoint: Checkpoint, tree: Tree
) -> tuple[list[dict[str, Any]], bool]:
    """Entries up to the page's limits, urgent ones first, and whether there are more.

    Args:
        partner: whose indexes they are of.
        after: the position that each follows, by whether it is the urgent index.
        checkpoint: under which they are proved; what it does not cover yet waits.
        tree: of the log.
    """
    rows = _numbered(partner, after, PAGE_RECORDS + 1)
    entries: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        if row.record.leaf_index >= checkpoint.size:
            continue
        size += len(row.record.raw)
        if len(entries) == PAGE_RECORDS or (entries and size > PAGE_BYTES):
            return entries, True
        path = tree.inclusion_proof(row.record.leaf_index, checkpoint.size)
        entries.append(
            {
                **({"lane": URGENT} if row.urgent else {}),
                "position": row.position,
                "index": row.record.leaf_index,
                "path": write_path(path),
                "chain": b64encode(row.chain).decode(),
                **release(row.record, partner, row.position),
            }
        )
    return entries, False


def _numbered(partner: Partner, after: dict[bool, int], most: int) -> list[Delivery]:
    """Up to `most` entries with their records, urgent ones first."""
    rows: list[Delivery] = []
    for urgent in (True, False):
        numbered = Delivery.objects.on_index(partner, urgent=urgent).filter(position__gt=after[urgent])
        rows += numbered[: most - len(rows)]
    records = Record.objects.in_bulk([row.record_id for row in rows])
    for row in rows:
        row.record = records[row.record_id]
    return rows


def release(record: Record, partner: Partner, position: int) -> dict[str, Any]:
    """A record as it leaves this node: through the gate, and sealed when its audience is narrow.

    One that was taken back from the partner before it came for it leaves no more: its place in the index stays, with
    nothing but the hash, which the log commits to.

    Raises:
        WithheldError: the gate says no, for instance because it was decided differently when the record was numbered.
    """
    decision = gate.decide(record.tlp, record.audience, partner.node, pinned=partner.is_pinned)
    if not decision.allowed:
        raise WithheldError(decision.reason)
    if narrowing.is_ended(record, partner):
        return {"withdrawn": record.hash}
    if not gate.is_narrow(record.audience):
        return {"record": bytes(record.raw).decode()}
    sealed = seal(
        bytes(record.raw),
        [identity_of(partner)],
        sender=own.node_id(),
        context=seal_context(partner.node, position, urgent=record.urgent),
    )
    return {"sealed": sealed}


def attachment(partner: Partner, record_id: str, blob: str) -> Outgoing:
    """A file of a record that was numbered for the partner, through the gate, sealed when the audience is narrow.

    Raises:
        NotFoundError: no record that the partner may have has such a file.
        WithheldError: the gate says no.
        BlobError: the file was lost here.
    """
    row = Delivery.objects.filter(partner=partner, record_id=record_id, record__attachments__hash=blob).first()
    if row is None or narrowing.is_ended(row.record, partner):
        raise NotFoundError(f"There is no file {blob} of record {record_id} for you here.", code="no-file")
    decision = gate.decide(row.record.tlp, row.record.audience, partner.node, pinned=partner.is_pinned)
    if not decision.allowed:
        raise WithheldError(decision.reason)
    size = blobs.size_of(blob)
    if not gate.is_narrow(row.record.audience):
        return Outgoing(size, blob.removeprefix(PREFIX), partial(blobs.read_range, blob))
    return _sealed(partner, row.record.attachments.get(hash=blob), size)


def _sealed(partner: Partner, attachment: Attachment, size: int) -> Outgoing:
    """A file sealed for a partner; the same bytes at each request, until the partner has another key."""
    receiver = identity_of(partner).seal
    context = {"sender": own.node_id(), **attachment_context(partner.node, str(attachment.record_id), attachment.hash)}
    keys, read = own.node_keys(), partial(blobs.read_range, attachment.hash)
    row = Sealing.objects.filter(attachment=attachment, partner=partner, kid=receiver.kid).first()
    try:
        sealed = SealedBlob.of(bytes(row.head if row else b""), size, read, keys, context)
    except TrustError:
        # There is none for the partner's key of now, or it was made under a key of ours that has gone.
        head = new_head([receiver, keys.seal.public], context)
        values = {"kid": receiver.kid, "head": head}
        Sealing.objects.update_or_create(attachment=attachment, partner=partner, defaults=values)
        sealed = SealedBlob.of(head, size, read, keys, context)
    return Outgoing(sealed.total, hashlib.sha256(sealed.head).hexdigest(), sealed.range)


def attachment_context(receiver: str, record_id: str, blob: str) -> dict[str, str]:
    """What a sealed file is bound to."""
    return {"receiver": receiver, "record": record_id, "blob": blob}


def seal_context(receiver: str, position: int, *, urgent: bool = False) -> dict[str, str]:
    """What a sealed entry is bound to, so that it cannot be moved to another place of either index."""
    return {"receiver": receiver, "position": str(position), **({"lane": URGENT} if urgent else {})}


@transaction.atomic
def accept_cosignature(partner: Partner, size: int, line: str) -> Cosignature:
    """Keep a partner's statement that our log is consistent up to a checkpoint of ours.

    Raises:
        PartnerError: there is no such checkpoint, or the line is not that partner's signature on it.
    """
    checkpoint = Checkpoint.objects.filter(size=size).first()
    if checkpoint is None:
        raise PartnerError(f"This node has signed no checkpoint of size {size}.", code="no-checkpoint")
    try:
        verify_cosignature(checkpoint.text, line, identity_of(partner))
    except TrustError as error:
        raise PartnerError(f"That is not your cosignature on checkpoint {size}: {error}", code=error.code) from error
    cosignature, _created = Cosignature.objects.get_or_create(
        checkpoint=checkpoint, witness=partner, defaults={"line": line}
    )
    return cosignature


def _confirm(partner: Partner, after: dict[bool, int]) -> None:
    """Remember how far the partner has read; a number beyond what was sent confirms nothing."""
    known = {urgent: max(done, min(after[urgent], lag.sent(partner, urgent=urgent)))
             for urgent, done in partner.confirmed.items()}  # fmt: skip
    Partner.objects.filter(pk=partner.pk).update(
        delivered=known[False], urgent_delivered=known[True], last_contact=timezone.now()
    )
