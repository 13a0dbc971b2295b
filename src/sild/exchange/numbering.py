"""Each partner's two indexes, numbered without gaps: what is put on them, and the chain that holds the order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sild.exchange import gate
from sild.exchange.models import URGENT_START, Delivery, Partner
from sild.people.inserting import insert_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.exchange.models import Record


def enqueue(records: Sequence[Record], partners: Any) -> None:
    """Number the records for each partner that the gate lets them reach."""
    for partner in partners:
        ends = {urgent: _end(partner, urgent=urgent) for urgent in (True, False)}
        rows: list[tuple[Any, ...]] = []
        allowed: dict[tuple[str, str], bool] = {}
        for record in records:
            marking = record.tlp, str(record.audience)
            if marking not in allowed:
                decision = gate.decide(record.tlp, record.audience, partner.node, pinned=partner.is_pinned)
                allowed[marking] = decision.allowed
            if allowed[marking]:
                position, chain = ends[record.urgent]
                ends[record.urgent] = position, chain = position + 1, link(chain, record.hash)
                rows.append((partner.pk, record.urgent, position, record.pk, chain))
        insert_values(Delivery, ("partner_id", "urgent", "position", "record_id", "chain"), rows)


def _end(partner: Partner, *, urgent: bool) -> tuple[int, bytes]:
    """Where one of a partner's indexes ends: position and chain."""
    last = Delivery.objects.on_index(partner, urgent=urgent).last()
    return (last.position, bytes(last.chain)) if last else (0, URGENT_START if urgent else bytes(32))


def link(chain: bytes, record_hash: str) -> bytes:
    """The next value of a delivery index's chain: SHA-256(previous || leaf hash)."""
    return hashlib.sha256(chain + bytes.fromhex(record_hash.removeprefix("sha256:"))).digest()
