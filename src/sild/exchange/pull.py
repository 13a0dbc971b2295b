"""One round with a partner: ask for news, import, cosign what was verified; and the loop that does it for all."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from django.db import close_old_connections
from django.utils import timezone

from sild.exchange import own, receipts
from sild.exchange.client import Client
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError, HistoryError, LinkDownError, TransferError
from sild.exchange.incoming import Imported, accept_attachment, import_page
from sild.exchange.models import Attachment, Partner, Record, Refusal
from sild.exchange.partners import freeze
from sild.people.actor import Actor
from sild.trust.checkpoint import cosign
from sild.trust.tls import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

logger = structlog.get_logger(__name__)
MAX_BACKOFF_SECONDS = 300.0


@dataclass(slots=True)
class Round:
    """What one round brought."""

    records: list[Record] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    pages: int = 0
    cosigned: int = 0


def pull(partner: Partner) -> Round:
    """Ask one partner for everything new and import it; progress survives at every step.

    Raises:
        LinkDownError: it could not be reached; try again later.
        HistoryError: its log contradicts what we verified before; it is frozen.
        ExchangeError: anything else that stops the round; kept on the partner as its last error.
    """
    with Client.to(partner) as client:
        return pull_with(client, partner)


def pull_with(client: Client, partner: Partner) -> Round:
    """Do what `pull` does over a link that is open already."""
    done = Round()
    try:
        while _next_page(client, partner, done):
            pass
        _fetch_attachments(client, partner)
        receipts.give(Actor.operator("job"), partner)
    except ExchangeError as error:
        if isinstance(error, HistoryError):
            freeze(Actor.operator("job"), partner.node, str(error))
        _remember(partner, last_error=str(error), failures=partner.failures + 1)
        raise
    _remember(partner, last_error="", failures=0, last_contact=timezone.now(), last_group=GROUP)
    return done


def _next_page(client: Client, partner: Partner, done: Round) -> bool:
    """Fetch, import and cosign one page; True when there is another."""
    partner.refresh_from_db()
    page = client.index(after=partner.position, have=partner.their_size)
    if page is None:
        return False
    done.pages += 1
    try:
        imported = import_page(partner, page)
    finally:
        partner.refresh_from_db()
    done.records += imported.records
    done.refused += imported.refused
    done.cosigned = _cosign(client, page["checkpoint"], imported)
    for record in imported.records:
        logger.info("imported", partner=partner.node, kind=record.kind, record=str(record.pk))
    return bool(page.get("more"))


def _fetch_attachments(client: Client, partner: Partner) -> None:
    """Fetch the files that the partner's records name and that are not here yet; one that fails stops no other."""
    missing = Attachment.objects.filter(record__issuer=partner.node, is_here=False).select_related("record")
    failure: ExchangeError | None = None
    for attachment in missing.order_by("size"):
        try:
            received = client.attachment(str(attachment.record_id), attachment.hash)
            accept_attachment(partner, attachment, received)
        except (LinkDownError, TransferError) as error:
            failure = error
            continue
        logger.info("attachment fetched", partner=partner.node, hash=attachment.hash, bytes=attachment.size)
    if failure is not None:
        raise failure


def _cosign(client: Client, text: str, imported: Imported) -> int:
    """As the partner's witness, sign the checkpoint that we found consistent, and hand the line over."""
    line = cosign(text, own.node_keys(), timestamp=int(time.time()))
    client.send_cosignature(imported.checkpoint.size, line)
    return imported.checkpoint.size


def _remember(partner: Partner, **values: object) -> None:
    """Write how the round went without touching what another process may have moved on."""
    Partner.objects.filter(pk=partner.pk).update(**values)
    partner.refresh_from_db()


def run_forever(seconds: float, stop: Callable[[], bool]) -> None:
    """Pull from every pinned partner again and again; a failing one is asked less and less often, never dropped."""
    due: dict[str, float] = {}
    while not stop():
        close_old_connections()
        for partner in Partner.objects.filter(state=PartnerState.PINNED):
            if time.monotonic() >= due.get(partner.node, 0.0):
                due[partner.node] = time.monotonic() + _attempt(partner, seconds)
        time.sleep(min(seconds, 0.25))


def _attempt(partner: Partner, seconds: float) -> float:
    """One round whose failure is logged; returns the seconds until the next one, with jitter."""
    try:
        pull(partner)
    except LinkDownError as error:
        logger.warning("partner unreachable", partner=partner.node, code=error.code, why=str(error))
    except ExchangeError as error:
        logger.error("round stopped", partner=partner.node, code=error.code, why=str(error))  # noqa: TRY400 -- no traceback for what people decide
    wait = min(seconds * 2 ** min(partner.failures, 10), MAX_BACKOFF_SECONDS) if partner.failures else seconds
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads load, keeps no secret
