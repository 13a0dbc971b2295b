"""How often an agency may let its records overtake all others: what is always urgent is never urgent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from sild.exchange import kinds
from sild.exchange.errors import ExchangeError
from sild.exchange.models import Record

if TYPE_CHECKING:
    from sild.people.actor import Actor

URGENT_PER_DAY = 50


def check(actor: Actor, wanted: int) -> None:
    """Refuse urgent records beyond what the actor's agency may publish within 24 hours.

    Records whose kind is urgent by itself, such as withdrawals, do not count.

    Args:
        actor: for whose agency they are published; the node's operator counts as one.
        wanted: how many there are to be.

    Raises:
        ExchangeError: code `urgent-limit`.
    """
    if not wanted:
        return
    always = [kind.name for kind in kinds.all_kinds() if kind.urgent]
    recent = Record.objects.filter(received=None, urgent=True, issued__gt=timezone.now() - timedelta(days=1))
    used = recent.filter(agency=actor.agency).exclude(kind__in=always).count()
    if used + wanted > URGENT_PER_DAY:
        raise ExchangeError(
            _("Your agency may publish %(most)d urgent records within 24 hours and has published %(used)d. "
              "Publish this one without urgency, or wait.") % {"most": URGENT_PER_DAY, "used": used},
            code="urgent-limit",
        )  # fmt: skip
