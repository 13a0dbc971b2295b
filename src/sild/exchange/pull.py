"""One round with a partner: ask for news, import, cosign what was verified, acknowledge what came."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from django.utils import timezone

from sild.exchange import own, receipts, transfer
from sild.exchange.client import Client
from sild.exchange.errors import ExchangeError, HistoryError
from sild.exchange.incoming import Imported, import_page
from sild.exchange.models import Partner, Record, Refusal
from sild.exchange.partners import freeze
from sild.exchange.refresh import UNKNOWN_KEY, refresh
from sild.people.actor import Actor
from sild.trust.checkpoint import cosign
from sild.trust.tls import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = structlog.get_logger(__name__)


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
    try:
        return _pull_once(partner)
    except ExchangeError as error:
        if error.code not in UNKNOWN_KEY or not refresh(partner):
            raise
        return _pull_once(partner)


def _pull_once(partner: Partner) -> Round:
    """One round with the keys that are known now."""
    with remembering(partner):
        client = Client.to(partner)
    with client:
        return pull_with(client, partner)


def pull_with(client: Client, partner: Partner) -> Round:
    """Do what `pull` does over a link that is open already."""
    with remembering(partner):
        page = _ask(client, partner)
    return finish(client, partner, page, have=partner.their_size)


def finish(
    client: Client, partner: Partner, page: dict[str, Any] | None, *, have: int, with_files: bool = True
) -> Round:
    """Import a page, then everything that follows it, files and all; errors as in `pull`.

    Args:
        client: the open link.
        partner: whose page it is.
        page: what the index answered; None when there was nothing new.
        have: the size of the partner's log that was named when the page was asked for.
        with_files: fetch files too, which may take long.
    """
    done = Round()
    with remembering(partner):
        while page is not None:
            _take_page(client, partner, page, have, done)
            if not page["more"]:
                break
            page, have = _ask(client, partner), partner.their_size
        if with_files:
            transfer.fetch_all(client, partner)
        receipts.give(Actor.operator("job"), partner)
    return done


@contextmanager
def remembering(partner: Partner) -> Iterator[None]:
    """Keep on the partner how it went; what contradicts its history freezes it."""
    try:
        yield
    except ExchangeError as error:
        if isinstance(error, HistoryError):
            freeze(Actor.operator("job"), partner.node, str(error))
        _remember(partner, last_error=str(error), failures=partner.failures + 1)
        raise
    _remember(partner, last_error="", failures=0, next_try=None, last_contact=timezone.now(), last_group=GROUP)


def _ask(client: Client, partner: Partner) -> dict[str, Any] | None:
    """The page after what is here now."""
    partner.refresh_from_db()
    return client.index(after=partner.position, have=partner.their_size)


def _take_page(client: Client, partner: Partner, page: dict[str, Any], have: int, done: Round) -> None:
    """Import and cosign one page."""
    done.pages += 1
    try:
        imported = import_page(partner, page, have=have)
    finally:
        partner.refresh_from_db()
    done.records += imported.records
    done.refused += imported.refused
    done.cosigned = _cosign(client, page["checkpoint"], imported)
    for record in imported.records:
        logger.info("imported", partner=partner.node, kind=record.kind, record=str(record.pk))


def _cosign(client: Client, text: str, imported: Imported) -> int:
    """As the partner's witness, sign the checkpoint that we found consistent, and hand the line over."""
    line = cosign(text, own.node_keys(), timestamp=int(time.time()))
    client.send_cosignature(imported.checkpoint.size, line)
    return imported.checkpoint.size


def _remember(partner: Partner, **values: object) -> None:
    """Write how the round went without touching what another process may have moved on."""
    Partner.objects.filter(pk=partner.pk).update(**values)
    partner.refresh_from_db()
