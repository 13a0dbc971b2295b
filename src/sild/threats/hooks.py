"""Webhooks: an agency's own systems are told of new objects, page after page, in signed requests that are retried."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from sild.exchange import own
from sild.people import audit
from sild.people.actor import Actor
from sild.people.enums import Right, Role
from sild.threats import feeding
from sild.threats.desk_errors import WebhookError, translated
from sild.threats.engine import signing
from sild.threats.engine.sentences import DeskError
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from sild.threats.models import Sequencer, Webhook
from sild.threats.writing import agency_of

if TYPE_CHECKING:
    from urllib3.connectionpool import HTTPConnectionPool

PAGE = 100
SECONDS = 10.0
# After so many failures in a row, about three days, a person has to look.
MOST_FAILURES = 20
_FIRST, _LONGEST = timedelta(seconds=15), timedelta(hours=6)


@transaction.atomic
def set_up(actor: Actor, url: str, ceiling: Level) -> Webhook:
    """Tell an address of every object that comes in from now on; it gets a key of its own.

    Raises:
        NotAllowedError: the actor does not administer.
        WebhookError: the address is none to which this node sends.
    """
    actor.require(Right.ADMINISTER)
    _judge(url)
    started = Sequencer.objects.filter(pk=1).values_list("position", flat=True).first() or 0
    hook = Webhook.objects.create(
        agency=agency_of(actor), url=url, ceiling=ceiling, seed=secrets.token_bytes(32), position=started
    )
    audit.note(actor, "threats.set-up-webhook", url, ceiling=Level(ceiling).tlp)
    return hook


@transaction.atomic
def remove(actor: Actor, hook_id: str) -> None:
    """Stop telling an address and forget its key.

    Raises:
        NotAllowedError: the actor does not administer.
        NotFoundError: there is none with that id, or not for this actor.
    """
    actor.require(Right.ADMINISTER)
    hook = actor.visible(Webhook.objects.all()).filter(pk=hook_id).first()
    if hook is None:
        raise NotFoundError(_("There is no such webhook."))
    hook.delete()
    audit.note(actor, "threats.remove-webhook", hook.url)


def public_key(hook: Webhook) -> str:
    """The key with which the receiver verifies, in PEM."""
    return signing.public_key(bytes(hook.seed))


def deliver(hook: Webhook) -> timedelta | None:
    """Send what is new until nothing is; each page counts as soon as the receiver confirmed it.

    Returns:
        how long to wait before trying again; None when all is delivered, or when nobody should try again.
    """
    Webhook.objects.filter(pk=hook.pk).update(is_waiting=False)
    more = hook.is_active
    while more:
        objects, last, more = feeding.page(_reader(hook), hook.position, ceiling=Level(hook.ceiling), limit=PAGE)
        if not objects:
            return None
        try:
            _send(hook, feeding.bundle(objects))
        except WebhookError as error:
            return _failed(hook, str(error))
        hook.position, hook.failures, hook.last_error, hook.last_contact = last, 0, "", timezone.now()
        hook.save(update_fields=["position", "failures", "last_error", "last_contact"])
    return None


def _reader(hook: Webhook) -> Actor:
    """A webhook sees what a viewer of its agency sees, and no more."""
    return Actor(who=f"webhook {hook.url}", role=Role.VIEWER, agency=hook.agency, via="job")


def _failed(hook: Webhook, why: str) -> timedelta | None:
    """Note a failure: twice as long a pause each time, and an end."""
    Webhook.objects.filter(pk=hook.pk).update(failures=F("failures") + 1, last_error=why)
    hook.refresh_from_db()
    if hook.failures >= MOST_FAILURES:
        Webhook.objects.filter(pk=hook.pk).update(is_active=False)
        return None
    doublings: int = hook.failures - 1
    return min(_FIRST * (1 << doublings), _LONGEST)


def _send(hook: Webhook, body: bytes) -> None:
    """One signed request; anything but a 2xx is a failure, and nobody is followed elsewhere."""
    headers = {"Content-Type": "application/stix+json;version=2.1", "User-Agent": "sild"}
    message = signing.Message("POST", hook.url, body, headers)
    signing.sign(message, bytes(hook.seed), f"{own.node_id()}/{hook.pk}", datetime.now(UTC))
    parts = urlsplit(hook.url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    sent = {**message.headers, "Host": parts.netloc}
    try:
        with _pool(hook.url) as pool:
            answer = pool.request("POST", target, body=body, headers=sent, redirect=False, preload_content=False)
            answer.close()
    except urllib3.exceptions.HTTPError as error:
        raise WebhookError(_("%(url)s does not answer: %(why)s") % {"url": hook.url, "why": error}) from error
    if not 200 <= answer.status < 300:  # noqa: PLR2004 -- RFC 9110, section 15.3
        raise WebhookError(_("%(url)s answered %(status)s.") % {"url": hook.url, "status": answer.status})


def _pool(url: str) -> HTTPConnectionPool:
    """A connection to the address that was judged, whatever the name says a moment later."""
    address, parts = _judge(url), urlsplit(url)
    timeout, retries = urllib3.Timeout(SECONDS), False
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(address, parts.port or 80, timeout=timeout, retries=retries)
    return urllib3.HTTPSConnectionPool(
        address,
        parts.port or 443,
        timeout=timeout,
        retries=retries,
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
    )


def _judge(url: str) -> str:
    """The address to connect to."""
    try:
        return signing.resolve(url, settings.CONFIG.webhook_networks)
    except DeskError as error:
        raise WebhookError(translated(error), code=error.code) from error
