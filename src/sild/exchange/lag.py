"""How far a partner is behind: cheap to ask, since what is numbered for it has no gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sild.exchange.models import Delivery

if TYPE_CHECKING:
    from datetime import datetime

    from sild.exchange.models import Partner


@dataclass(frozen=True, slots=True)
class Lag:
    """Records for a partner.

    Attributes:
        sent: numbered for it.
        waiting: of those, not yet confirmed as imported.
        oldest: when the oldest waiting one was issued; None when nothing waits.
    """

    sent: int
    waiting: int
    oldest: datetime | None


def of(partner: Partner) -> Lag:
    """How far a partner is behind."""
    numbered = Delivery.objects.filter(partner=partner).order_by("-position")
    sent = numbered.values_list("position", flat=True).first() or 0
    first = numbered.filter(position=partner.delivered + 1).values_list("record__issued", flat=True).first()
    return Lag(sent, sent - partner.delivered, first)
