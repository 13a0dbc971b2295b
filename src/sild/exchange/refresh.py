"""Asking a partner for a newer identity when a key of it is not known here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from sild.exchange import identities
from sild.exchange.client import Client
from sild.exchange.errors import LinkDownError
from sild.people.actor import Actor

if TYPE_CHECKING:
    from sild.exchange.models import Partner

logger = structlog.get_logger(__name__)
# A TLS key or a log key that the known document does not name, or a document that ran out.
UNKNOWN_KEY = frozenset({"link-key", "missing-signature", "expired"})


def refresh(partner: Partner) -> bool:
    """Fetch the partner's identity over a link to whoever answers; True when a newer one was taken over.

    That nobody was recognised on the link does no harm: only what the pinned root signed is taken over.
    """
    try:
        with Client(partner.url, None) as client:
            document = client.identity()
    except LinkDownError:
        return False
    taken = identities.take_over(Actor.operator("job"), partner, document)
    partner.refresh_from_db()
    logger.info("identity offered", partner=partner.node, taken_over=taken, refused=partner.identity_notice)
    return taken
