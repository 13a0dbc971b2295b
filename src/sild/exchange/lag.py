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
    """Records for a partner, in both indexes.

    Attributes:
        sent: numbered for it.
        waiting: of those, not yet confirmed as imported.
        oldest: when the oldest waiting one was issued; None when nothing waits.
        urgent: how many of the waiting ones are urgent.
    """

    sent: int
    waiting: int
    oldest: datetime | None
    urgent: int = 0

    @property
    def delivered(self) -> int:
        """Confirmed as imported."""
        return self.sent - self.waiting


def of(partner: Partner) -> Lag:
    """How far a partner is behind."""
    numbers = {urgent: sent(partner, urgent=urgent) for urgent in (True, False)}
    waiting = {urgent: numbers[urgent] - done for urgent, done in partner.confirmed.items()}
    firsts = [first for urgent in numbers if (first := _first_waiting(partner, urgent=urgent)) is not None]
    return Lag(sum(numbers.values()), sum(waiting.values()), min(firsts, default=None), waiting[True])


def sent(partner: Partner, *, urgent: bool) -> int:
    """How many records one of the indexes has for a partner."""
    numbered = Delivery.objects.on_index(partner, urgent=urgent).reverse()
    return numbered.values_list("position", flat=True).first() or 0


def _first_waiting(partner: Partner, *, urgent: bool) -> datetime | None:
    """When the first record of an index that is not confirmed was issued."""
    waiting = Delivery.objects.on_index(partner, urgent=urgent).filter(position=partner.confirmed[urgent] + 1)
    return waiting.values_list("record__issued", flat=True).first()
