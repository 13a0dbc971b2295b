"""What a partner gets when it asks for news: an index numbered for it alone, each record proved, sealed if narrow."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone

from sild.exchange import blobs, gate, lag, log, own
from sild.exchange.errors import HistoryError, NotFoundError, PartnerError, WithheldError
from sild.exchange.models import Checkpoint, Cosignature, Delivery, Partner, Record
from sild.exchange.partners import identity_of
from sild.trust.checkpoint import verify_cosignature
from sild.trust.errors import TrustError
from sild.trust.seal import seal
from sild.trust.tree import Tree

PAGE_RECORDS = 256
# A page is taken over whole or not at all, so that it must get through at 64 kbit/s while there is power.
PAGE_BYTES = 512 * 1024


@transaction.atomic
def page(partner: Partner, *, after: int, have: int) -> dict[str, Any] | None:
    """The next page of a partner's index; None when there is nothing new.

    Args:
        partner: who asks; it must be pinned.
        after: the last position that the partner has imported, which confirms all up to it.
        have: size of the newest checkpoint of ours that the partner has verified.

    Returns:
        `checkpoint`, `consistency` (base64 hashes), `entries` (each with `position`, `index`, `path`, `chain` and
        `record` or `sealed`) and `more`.

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
    _confirm(partner, after)
    tree = Tree(log.DatabaseTiles())
    entries, more = entries_after(partner, after, checkpoint, tree)
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
    return [b64encode(node).decode() for node in tree.consistency_proof(old, new)]


def entries_after(
    partner: Partner, after: int, checkpoint: Checkpoint, tree: Tree
) -> tuple[list[dict[str, Any]], bool]:
    """Entries up to the page's limits, and whether there are more."""
    rows = Delivery.objects.filter(partner=partner, position__gt=after).select_related("record")[: PAGE_RECORDS + 1]
    entries: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        size += len(row.record.raw)
        if len(entries) == PAGE_RECORDS or (entries and size > PAGE_BYTES):
            return entries, True
        path = tree.inclusion_proof(row.record.leaf_index, checkpoint.size)
        entries.append(
            {
                "position": row.position,
                "index": row.record.leaf_index,
                "path": [b64encode(node).decode() for node in path],
                "chain": b64encode(row.chain).decode(),
                **release(row.record, partner, row.position),
            }
        )
    return entries, False


def release(record: Record, partner: Partner, position: int) -> dict[str, Any]:
    """A record as it leaves this node: through the gate, and sealed when its audience is narrow.

    Raises:
        WithheldError: the gate says no, for instance because it was decided differently when the record was numbered.
    """
    decision = gate.decide(record.tlp, record.audience, partner.node, pinned=partner.is_pinned)
    if not decision.allowed:
        raise WithheldError(decision.reason)
    if not gate.is_narrow(record.audience):
        return {"record": bytes(record.raw).decode()}
    sealed = seal(
        bytes(record.raw),
        [identity_of(partner)],
        sender=own.node_id(),
        context=seal_context(partner.node, position),
    )
    return {"sealed": sealed}


def attachment(partner: Partner, record_id: str, blob: str) -> bytes:
    """A file of a record that was numbered for the partner, through the gate, sealed when the audience is narrow.

    Returns:
        The bytes; for a narrow audience the JSON of a sealed body.

    Raises:
        NotFoundError: no record that the partner may have has such a file.
        WithheldError: the gate says no.
        BlobError: the file was lost here.
    """
    row = Delivery.objects.filter(partner=partner, record_id=record_id, record__attachments__hash=blob).first()
    if row is None:
        raise NotFoundError(f"There is no file {blob} of record {record_id} for you here.")
    decision = gate.decide(row.record.tlp, row.record.audience, partner.node, pinned=partner.is_pinned)
    if not decision.allowed:
        raise WithheldError(decision.reason)
    data = blobs.read(blob)
    if not gate.is_narrow(row.record.audience):
        return data
    context = attachment_context(partner.node, record_id, blob)
    return orjson.dumps(seal(data, [identity_of(partner)], sender=own.node_id(), context=context))


def attachment_context(receiver: str, record_id: str, blob: str) -> dict[str, str]:
    """What a sealed file is bound to."""
    return {"receiver": receiver, "record": record_id, "blob": blob}


def seal_context(receiver: str, position: int) -> dict[str, str]:
    """What a sealed entry is bound to, so that it cannot be moved to another place of the index."""
    return {"receiver": receiver, "position": str(position)}


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


def _confirm(partner: Partner, after: int) -> None:
    """Remember how far the partner has read; a number beyond what was sent confirms nothing."""
    sent = lag.of(partner).sent
    Partner.objects.filter(pk=partner.pk).update(
        delivered=max(partner.delivered, min(after, sent)), last_contact=timezone.now()
    )
