"""Follows collections of other TAXII servers, page by page, each committed together with its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sild.people import audit
from sild.people.actor import Actor
from sild.people.enums import Right
from sild.threats import sealing, taxii_client
from sild.threats.access import access, accesses
from sild.threats.engine.times import micros
from sild.threats.enums import Origin
from sild.threats.errors import FeedError, NotFoundError
from sild.threats.ingest import Source, add_objects
from sild.threats.models import Collection, Feed
from sild.threats.taxii_client import RefusedPageError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = structlog.get_logger(__name__)
LONGEST_PAUSE = timedelta(days=1)
SHORTEST_PAUSE = 10
MOST_SECRET = 500
# Answers after which a place in the middle of a walk is given up: the server has forgotten it.
_FORGOTTEN = frozenset({400, 404, 410, 422})


@dataclass(slots=True)
class Pulled:
    """What one pull brought: pages, objects taken and objects refused."""

    pages: int = 0
    taken: int = 0
    refused: int = 0


@transaction.atomic
def add_feed(
    actor: Actor, collection: Collection, url: str, *, username: str = "", secret: str = "", every: int = 300
) -> Feed:
    """Follow a collection of another server from its beginning.

    Raises:
        NotAllowedError: the actor does not administer; a feed makes the node call an address.
        FeedError: the address is none of a TAXII collection, the pause is too short, or the secret too long.
    """
    actor.require(Right.ADMINISTER)
    access(actor, collection.pk).require_write()
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or "/collections/" not in parts.path:
        sentence = _("%(url)s is no address of a TAXII collection: https://HOST/ROOT/collections/ID/")
        raise FeedError(sentence % {"url": url})
    if every < SHORTEST_PAUSE:
        raise FeedError(_("Ask another server at most every %(least)d seconds.") % {"least": SHORTEST_PAUSE})
    if len(secret) > MOST_SECRET:
        raise FeedError(_("A secret has at most %(most)d characters.") % {"most": MOST_SECRET})
    feed = Feed(collection=collection, url=url, username=username, every=every)
    feed.secret = sealing.seal(secret, feed.pk)
    feed.save(force_insert=True)
    audit.note(actor, "threats.add-feed", feed.pk, url=url, collection=str(collection.pk))
    return feed


@transaction.atomic
def remove_feed(actor: Actor, feed: Feed) -> None:
    """Stop following; what was pulled stays.

    Raises:
        NotAllowedError: the actor does not administer.
    """
    actor.require(Right.ADMINISTER)
    access(actor, feed.collection_id).require_write()
    audit.note(actor, "threats.remove-feed", feed.pk, url=feed.url)
    feed.delete()


def feeds_of(actor: Actor) -> list[Feed]:
    """The feeds into collections that the actor may write."""
    writable = [one.collection.pk for one in accesses(actor) if one.may_write]
    return list(Feed.objects.filter(collection_id__in=writable).select_related("collection__agency"))


def find(actor: Actor, name: str) -> Feed:
    """The feed whose id begins like that, or with that address.

    Raises:
        NotFoundError: there is not exactly one.
    """
    found = [feed for feed in feeds_of(actor) if str(feed.pk).startswith(name) or feed.url == name]
    if len(found) != 1:
        raise NotFoundError(_("There is not exactly one feed %(name)s here that you may use.") % {"name": name})
    return found[0]


def pull(actor: Actor, feed: Feed) -> Pulled:
    """Fetch all that is new; what came before a failure stays, and the next pull goes on after it.

    Raises:
        FeedError: the server failed; the feed waits longer after each failure in a row.
    """
    pulled = Pulled()
    try:
        while _pull_page(actor, feed, pulled):
            pass
    except FeedError as error:
        _failed(feed, error)
        raise
    now = timezone.now()
    feed.failures, feed.last_error, feed.last_contact = 0, "", now
    feed.due = now + timedelta(seconds=feed.every)
    feed.save(update_fields=["failures", "last_error", "last_contact", "due"])
    return pulled


def pull_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Pull every feed whose time has come, in turn; returns how many there were. Failures are kept, not raised."""
    due = Feed.objects.filter(is_active=True, due__lte=timezone.now()).select_related("collection__agency")
    number = 0
    for feed in due.order_by("due"):
        if stop():
            break
        number += 1
        try:
            pull(Actor.operator(via="job"), feed)
        except FeedError as error:
            logger.warning("feed failed", url=feed.url, failures=feed.failures, error=str(error))
    return number


def _pull_page(actor: Actor, feed: Feed, pulled: Pulled) -> bool:
    """Fetch a page and keep it together with the place that it leads to; False at the end."""
    try:
        secret = sealing.unseal(feed.secret, feed.pk)
        page = taxii_client.page(
            feed.url, username=feed.username, secret=secret, added_after=feed.added_after, next_=feed.next
        )
    except RefusedPageError as error:
        if not (feed.next and error.status in _FORGOTTEN):
            raise
        # From where the walk began: what is here already is only said again.
        feed.next = ""
        feed.save(update_fields=["next"])
        return True
    with transaction.atomic():
        if page.objects:
            batch = add_objects(actor, feed.collection, page.objects, Source(Origin.FEED, feed.url))
            pulled.taken += batch.success_count
            pulled.refused += len(batch.failures)
        _advance(feed, page)
    pulled.pages += 1
    return bool(page.next)


def _advance(feed: Feed, page: taxii_client.Page) -> None:
    """Note where to go on; only the end of a walk moves its beginning, since servers give many objects one date."""
    # The same `next` twice is no sign of a loop: medallion keeps the place on its side, under one name.
    if page.next and not page.objects:
        raise FeedError(_("%(url)s says that more follows, but sends nothing.") % {"url": feed.url})
    feed.next = page.next
    if not page.next and page.last:
        try:
            micros(page.last)
        except ValueError as error:
            sentence = _("%(url)s sent a date that is none: %(why)s.")
            raise FeedError(sentence % {"url": feed.url, "why": error}) from error
        feed.added_after = page.last[:40]
    feed.save(update_fields=["next", "added_after"])


def _failed(feed: Feed, error: FeedError) -> None:
    """Remember a failure and wait longer after each."""
    feed.refresh_from_db(fields=["next", "added_after"])
    feed.failures += 1
    pause = min(timedelta(seconds=feed.every) * 2 ** min(feed.failures, 20), LONGEST_PAUSE)
    asked = timedelta(seconds=error.retry_after) if isinstance(error, RefusedPageError) else timedelta()
    feed.due = timezone.now() + max(pause, asked)
    feed.last_error = str(error)
    feed.save(update_fields=["failures", "due", "last_error"])
