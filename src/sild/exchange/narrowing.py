"""Who loses sight of a record: nodes that had it and are no longer meant to, and what they must be told.

They get a withdrawal like any other, which does not say that others keep the record or that there is a newer one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from sild.exchange import gate
from sild.exchange.models import Delivery, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.exchange.models import Partner

# What a record says that this node makes by itself; pages show it in the reader's language.
REASON = gettext_noop("Its issuer has withdrawn this record.")


def losers(earlier: Record, tlp: str, audience: gate.Audience) -> list[tuple[Record, list[str]]]:
    """What is to be withdrawn from whom when a version with this marking takes the place of `earlier`.

    Returns:
        Each earlier version that somebody has who may not have the new one, with those nodes in order.
    """
    return [(version, nodes) for version in versions(earlier) if (nodes := _losing(version, tlp, audience))]


def versions(record: Record) -> Iterator[Record]:
    """A record and, one after the other, the versions that it took the place of."""
    seen = set()
    current: Record | None = record
    while current is not None and current.pk not in seen:
        seen.add(current.pk)
        yield current
        earlier = current.replaces_id
        current = Record.objects.filter(pk=earlier, issuer=record.issuer).first() if earlier else None


def holders(record: Record) -> list[str]:
    """Nodes for which a record was numbered and from which it was not taken back, in order."""
    numbered = Delivery.objects.filter(record=record).values_list("partner_id", flat=True)
    return sorted(set(numbered) - set(told(record)))


def told(record: Record) -> list[str]:
    """Nodes for which the withdrawal of a record was numbered."""
    return list(Delivery.objects.filter(record__withdraws_id=record.pk).values_list("partner_id", flat=True))


def is_ended(record: Record, partner: Partner) -> bool:
    """Whether one of our records was taken back from a partner, so that it leaves no more if it has not left yet."""
    return record.withdrawn and partner.node in told(record)


def _losing(version: Record, tlp: str, audience: gate.Audience) -> list[str]:
    """Nodes that have a version and may not have what comes after it."""
    return [node for node in holders(version) if not gate.decide(tlp, audience, node, pinned=True).allowed]
