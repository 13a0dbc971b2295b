"""The exchange process: a thread waits at each partner for news; all that touches the database happens in turn."""

from __future__ import annotations

import queue
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from sild.exchange.client import Client
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError, LinkDownError
from sild.exchange.fetching import Fetching
from sild.exchange.models import Partner
from sild.exchange.pull import finish, remembering
from sild.exchange.refresh import UNKNOWN_KEY, refresh
from sild.exchange.watchdog import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable

logger = structlog.get_logger(__name__)
# Short enough to meet a window of five minutes with power early in it.
MAX_BACKOFF_SECONDS = 60.0
WAIT_SECONDS = 25
LOOK_EVERY_SECONDS = 0.25
# What a round imports at most before the other partners have their turn: as much as one receipt acknowledges.
ROUND_PAGES = 16


@dataclass(frozen=True, slots=True)
class Heard:
    """What a partner answered, or why it did not; `waited` says that asking again at once is no burden."""

    partner: Partner
    client: Client | None
    page: dict[str, Any] | None
    error: ExchangeError | None
    waited: bool


def run_forever(seconds: float, stop: Callable[[], bool]) -> None:
    """Wait at every pinned partner for news and import it; a failing one is asked less and less often, never dropped.

    Args:
        seconds: pause before a partner that does not wait is asked again.
        stop: looked at four times a second.
    """
    answers: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    asked: set[str] = set()
    due: dict[str, float] = {}
    # A link is kept from one question to the next: shaking hands anew would cost far more than an empty answer.
    links: dict[str, Client] = {}
    pulse = Pulse("exchange")
    files = Fetching(seconds)
    while not stop():
        close_old_connections()
        pulse.beat()
        for partner in Partner.objects.filter(state=PartnerState.PINNED):
            if partner.node not in asked and time.monotonic() >= due.get(partner.node, 0.0):
                asked.add(partner.node)
                threading.Thread(
                    target=_listen, args=(partner, links.pop(partner.node, None), answers), daemon=True
                ).start()
            files.tend(partner)
        try:
            heard = answers.get(timeout=LOOK_EVERY_SECONDS)
        except queue.Empty:
            continue
        asked.discard(heard.partner.node)
        due[heard.partner.node] = time.monotonic() + attempt(heard, seconds)
        if heard.client is not None:
            links[heard.partner.node] = heard.client
    for link in links.values():
        link.close()


def _listen(partner: Partner, client: Client | None, answers: queue.SimpleQueue[Heard]) -> None:
    """Ask one partner for news and wait for it; runs in a thread of its own and knows no database."""
    start = time.monotonic()
    try:
        client = _link_to(partner, client)
        page = client.index(
            after=partner.position, have=partner.their_size, urgent=partner.urgent_position, wait=WAIT_SECONDS
        )
    except Exception as error:  # noqa: BLE001 -- without an answer the partner would never be asked again
        if client is not None:
            client.close()
        answers.put(Heard(partner, None, None, _as_link_error(partner, error), waited=False))
        return
    waited = page is not None or time.monotonic() - start > 1
    answers.put(Heard(partner, client, page, None, waited))


def _link_to(partner: Partner, kept: Client | None) -> Client:
    """The link that was kept, or a new one when there is none or the partner has moved or has other keys."""
    if kept is not None and kept.leads_to(partner):
        return kept
    if kept is not None:
        kept.close()
    return Client.to(partner)


def attempt(heard: Heard, seconds: float) -> float:
    """Import what a partner answered; a failure is logged. Returns the seconds until it is asked again, with jitter."""
    partner = heard.partner
    try:
        _take(heard)
    except LinkDownError as error:
        logger.warning("partner unreachable", partner=partner.node, code=error.code, why=str(error))
    except ExchangeError as error:
        logger.error("round stopped", partner=partner.node, code=error.code, why=str(error))  # noqa: TRY400 -- no traceback for what people decide
    except Exception as error:
        # A full disk, or what no check foresaw: this partner is tried again later, the others go on.
        logger.exception("round failed", partner=partner.node)
        _note_failure(partner, error)
    else:
        return 0.0 if heard.waited else seconds
    if heard.client is not None:
        heard.client.close()
    wait = backoff(partner.failures, seconds)
    with suppress(DatabaseError):
        Partner.objects.filter(pk=partner.pk).update(next_try=timezone.now() + timedelta(seconds=wait))
    return wait


def backoff(failures: int, seconds: float) -> float:
    """Seconds until a partner is asked again: twice as long after each failure, five minutes at most, with jitter."""
    wait: float = min(seconds * 2 ** min(failures, 10), MAX_BACKOFF_SECONDS)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads load, keeps no secret


def _as_link_error(partner: Partner, error: Exception) -> ExchangeError:
    """An error that says why a partner could not be asked."""
    if isinstance(error, ExchangeError):
        return error
    logger.error("asking a partner failed", partner=partner.node, exc_info=error)
    return LinkDownError(f"{partner.node} could not be asked: {error}")


def _note_failure(partner: Partner, error: Exception) -> None:
    """Keep an unforeseen failure on the partner for people to see, if the database takes it."""
    partner.failures += 1
    with suppress(DatabaseError):
        Partner.objects.filter(pk=partner.pk).update(last_error=str(error), failures=partner.failures)


def _take(heard: Heard) -> None:
    """Import an answer; when it was a key of the partner that is unknown here, ask for its newer identity instead."""
    try:
        _import(heard)
    except ExchangeError as error:
        if error.code not in UNKNOWN_KEY or not refresh(heard.partner):
            raise


def _import(heard: Heard) -> None:
    """Import an answer over the link that it came by; an error of the link is kept on the partner."""
    have = heard.partner.their_size
    heard.partner.refresh_from_db()
    if heard.error is not None or heard.client is None:
        with remembering(heard.partner):
            raise heard.error or LinkDownError(f"{heard.partner.url} cannot be reached.")
    finish(heard.client, heard.partner, heard.page, have=have, most=ROUND_PAGES, with_files=False)
