"""One round with a partner: ask for news, import, cosign what was verified, acknowledge what came."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from django.utils import timezone

from sild.exchange import receipts, transfer, witness
from sild.exchange.client import Client
from sild.exchange.errors import ExchangeError, HistoryError, StaleError
from sild.exchange.incoming import Imported, import_page
from sild.exchange.models import Partner, Record, Refusal
from sild.exchange.partners import freeze
from sild.exchange.refresh import UNKNOWN_KEY, refresh
from sild.people.actor import Actor
from sild.trust.tls import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

# More than any log has.
MAX_PAGES = 1 << 40
logger = structlog.get_logger(__name__)
# How often one round asks anew because something else verified more of the partner's log meanwhile.
ASK_AGAIN = 3


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
    client: Client,
    partner: Partner,
    page: dict[str, Any] | None,
    *,
    have: int,
    most: int = MAX_PAGES,
    with_files: bool = True,
) -> Round:
    """Import a page, then what follows it, files and all; errors as in `pull`.

    Args:
        client: the open link.
        partner: whose page it is.
        page: what the index answered; None when there was nothing new.
        have: the size of the partner's log that was named when the page was asked for.
        most: pages, after which others get their turn; the next round goes on from there.
        with_files: fetch files too, which may take long.
    """
    done = Round()
    with remembering(partner, complete=True):
        stale = 0
        while page is not None:
            try:
                _take_page(client, partner, page, have, done)
            except StaleError:
                stale += 1
                if stale > ASK_AGAIN:
                    raise
            else:
                if not page["more"] or done.pages == most:
                    break
            page, have = _ask(client, partner), partner.their_size
        if with_files:
            transfer.fetch_all(client, partner)
        receipts.give(Actor.operator("job"), partner)
    return done


@contextmanager
def remembering(partner: Partner, *, complete: bool = False) -> Iterator[None]:
    """Keep on the partner how it went; what contradicts its history freezes it. Only a complete round is a success."""
    try:
        yield
    except ExchangeError as error:
        if isinstance(error, HistoryError):
            freeze(Actor.operator("job"), partner.node, str(error))
        _remember(partner, last_error=str(error), failures=partner.failures + 1)
        raise
    if not complete:
        return
    now = timezone.now()
    _remember(partner, last_error="", failures=0, next_try=None, last_contact=now, last_round=now, last_group=GROUP)


def _ask(client: Client, partner: Partner) -> dict[str, Any] | None:
    """The page after what is here now."""
    partner.refresh_from_db()
    return client.index(after=partner.position, have=partner.their_size, urgent=partner.urgent_position)


def _take_page(client: Client, partner: Partner, page: dict[str, Any], have: int, done: Round) -> None:
    """Import and cosign one page."""
    done.pages += 1
    try:
        imported = import_page(partner, page, have=have)
    finally:
        partner.refresh_from_db()
    done.records += imported.records
    done.refused += imported.refused
    done.cosigned = _cosign(client, partner, page["checkpoint"], imported)
    for record in imported.records:
        logger.info("imported", partner=partner.node, kind=record.kind, record=str(record.pk))


def _cosign(client: Client, partner: Partner, text: str, imported: Imported) -> int:
    """As the partner's witness, sign the checkpoint that we found consistent, and hand the line over."""
    line = witness.line_for(partner, text)
    if line is not None:
        client.send_cosignature(imported.checkpoint.size, line)
    return imported.checkpoint.size


def _remember(partner: Partner, **values: object) -> None:
    """Write how the round went without touching what another process may have moved on."""
    Partner.objects.filter(pk=partner.pk).update(**values)
    partner.refresh_from_db()
