"""Receipts: a node tells an issuer, by a record of its own, which of the issuer's records it has imported.

A receipt is for the issuer alone (TLP:AMBER, sealed), names many records at once, and is itself never acknowledged, so
that two nodes do not thank each other for ever.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from sild.exchange import log, narrowing, services
from sild.exchange.enums import Tlp
from sild.exchange.models import Acknowledgement, Delivery, Partner, Record
from sild.trust.record import HASH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sild.people.actor import Actor

KIND = "exchange.receipt"
# About 125 bytes each, so that a receipt stays far below the largest record.
MOST = 5_000


@transaction.atomic
def give(actor: Actor, partner: Partner) -> Record | None:
    """Acknowledge what came from a partner since the last receipt; None when there is nothing to acknowledge.

    A node that dies between importing and this gives the receipt in its next round.
    """
    partner.refresh_from_db(fields=["receipted", "urgent_receipted"])
    if not _came(partner, 1, urgent=True) and not _came(partner, 1, urgent=False):
        return None
    # The log before the partner, as everywhere: two that wait for each other would wait for ever.
    log.lock()
    locked = Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    rows = _came(locked, MOST, urgent=True)
    rows += _came(locked, MOST - len(rows), urgent=False)
    if not rows:
        return None
    for one in rows:
        if one.urgent:
            locked.urgent_receipted = one.leaf_index + 1
        else:
            locked.receipted = one.leaf_index + 1
    locked.save(update_fields=["receipted", "urgent_receipted"])
    named = [one.reference for one in rows if one.kind != KIND]
    if not named:
        return None
    return services.publish(
        actor,
        kind=KIND,
        subject=f"{len(named)} records of {locked.node}",
        body={"records": named},
        tlp=Tlp.AMBER,
        audience=[locked.node],
    )


def _came(partner: Partner, most: int, *, urgent: bool) -> list[Record]:
    """What came by one of the indexes since the last receipt, in the order in which it came."""
    done = partner.urgent_receipted if urgent else partner.receipted
    came = Record.objects.filter(issuer=partner.node, urgent=urgent, leaf_index__gte=done)
    return list(came.only("leaf_index", "kind", "hash", "urgent").order_by("leaf_index")[:most])


def validate(body: dict[str, Any]) -> None:
    """Raise ValueError with a sentence when a body is no receipt."""
    named = body.get("records")
    if set(body) != {"records"} or not isinstance(named, list) or not 0 < len(named) <= MOST:
        raise ValueError(f"the body has one member, “records”, with 1 to {MOST} records")
    for one in named:
        if not isinstance(one, dict) or set(one) != {"id", "hash"} or not all(isinstance(x, str) for x in one.values()):
            raise ValueError("each record is named by “id” and “hash”")
        uuid.UUID(one["id"])
        if not HASH.fullmatch(one["hash"]):
            raise ValueError("a hash is sha256: and 64 hex digits")


def arrived(receipt: Record) -> None:
    """Note which of our records a partner has; what was not for it, or has another hash, is passed over."""
    named = {uuid.UUID(one["id"]): one["hash"] for one in receipt.body["records"]}
    sent = Delivery.objects.filter(partner_id=receipt.issuer, record__in=list(named)).select_related("record")
    Acknowledgement.objects.bulk_create(
        [
            Acknowledgement(record=row.record, partner_id=receipt.issuer, receipt=receipt)
            for row in sent
            if row.record.hash == named[row.record_id]
        ],
        ignore_conflicts=True,
    )


def outstanding(record: Record) -> list[Partner]:
    """The partners that have not acknowledged a record that was numbered for them and that is still theirs."""
    numbered = Partner.objects.filter(deliveries__record=record).exclude(pk__in=narrowing.told(record))
    return list(numbered.exclude(pk__in=Acknowledgement.objects.filter(record=record).values("partner")))


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A partner that has not acknowledged one of our records.

    Attributes:
        record: what was sent, or waits to be fetched.
        about: the record that it takes back; itself when it takes none back.
        partner: who is to acknowledge it.
        is_fetched: whether the partner has confirmed its place in the index, so that only the receipt is missing.
    """

    record: Record
    about: Record
    partner: Partner
    is_fetched: bool

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON, but for the types of ids and time."""
        return {
            "record": self.record.pk,
            "node": self.partner.node,
            "kind": self.record.kind,
            "withdraws": self.record.withdraws_id,
            "issued": self.record.issued,
            "fetched": self.is_fetched,
        }


def all_outstanding(actor: Actor, *, withdrawals: bool = True) -> list[Outstanding]:
    """What partners have not acknowledged, oldest first.

    Args:
        actor: sees the records that its agency may see.
        withdrawals: only what takes a record back, where waiting matters most; else everything but receipts.
    """
    wanted = Record.objects.visible_to(actor).filter(received=None).exclude(kind=KIND)
    if withdrawals:
        wanted = wanted.exclude(withdraws_id=None)
    known = Acknowledgement.objects.filter(record=OuterRef("record"), partner=OuterRef("partner"))
    taken_back = Delivery.objects.filter(record__withdraws_id=OuterRef("record"), partner=OuterRef("partner"))
    rows = Delivery.objects.filter(~Exists(known), ~Exists(taken_back), record__in=wanted)
    found = list(rows.select_related("record", "partner").order_by("record__issued", "record_id", "partner_id"))
    targets = Record.objects.in_bulk({row.record.withdraws_id for row in found if row.record.withdraws_id})
    return [
        Outstanding(
            row.record,
            targets.get(row.record.withdraws_id or row.record_id, row.record),
            row.partner,
            row.is_fetched,
        )
        for row in found
    ]


def of_deliveries(deliveries: Iterable[Delivery]) -> list[tuple[Delivery, Acknowledgement | None]]:
    """Each delivery of one record with its acknowledgement, if that has come."""
    rows = list(deliveries)
    known = Acknowledgement.objects.filter(record__in=[row.record_id for row in rows]).select_related("receipt")
    by_partner = {one.partner_id: one for one in known}
    return [(row, by_partner.get(row.partner_id)) for row in rows]
