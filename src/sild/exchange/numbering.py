"""Each partner's two indexes, numbered without gaps: what is put on them, and the chain that holds the order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sild.exchange import gate
from sild.exchange.models import URGENT_START, Delivery, Partner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.exchange.models import Record


def enqueue(records: Sequence[Record], partners: Any) -> None:
    """Number the records for each partner that the gate lets them reach."""
    for partner in partners:
        ends = {urgent: _end(partner, urgent=urgent) for urgent in (True, False)}
        rows, allowed = [], {}
        for record in records:
            marking = record.tlp, str(record.audience)
            if marking not in allowed:
                decision = gate.decide(record.tlp, record.audience, partner.node, pinned=partner.is_pinned)
                allowed[marking] = decision.allowed
            if allowed[marking]:
                position, chain = ends[record.urgent]
                ends[record.urgent] = position, chain = position + 1, link(chain, record.hash)
                rows.append(
                    Delivery(partner=partner, urgent=record.urgent, position=position, record=record, chain=chain)
                )
        Delivery.objects.bulk_create(rows)


def _end(partner: Partner, *, urgent: bool) -> tuple[int, bytes]:
    """Where one of a partner's indexes ends: position and chain."""
    last = Delivery.objects.on_index(partner, urgent=urgent).last()
    return (last.position, bytes(last.chain)) if last else (0, URGENT_START if urgent else bytes(32))


def link(chain: bytes, record_hash: str) -> bytes:
    """The next value of a delivery index's chain: SHA-256(previous || leaf hash)."""
    return hashlib.sha256(chain + bytes.fromhex(record_hash.removeprefix("sha256:"))).digest()
