"""Identity documents over time: which ones counted, and when a partner's newer one takes over from the one before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange.models import IdentityDocument, Partner
from sild.people import audit
from sild.trust.checkpoint import is_cosigned_by, is_signed_under
from sild.trust.errors import TrustError
from sild.trust.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from sild.people.actor import Actor


def remember(identity: Identity) -> bool:
    """Keep a document; False when another one of this root and serial was seen, which an honest node never makes."""
    row, _created = IdentityDocument.objects.get_or_create(
        node=identity.node,
        fingerprint=identity.fingerprint,
        serial=identity.serial,
        defaults={"document": identity.document},
    )
    return bytes(row.document) == identity.document


def document_for(checkpoint: str, newest: bytes) -> bytes:
    """The document under whose log keys a checkpoint was signed: the newest if it names them, else an earlier one."""
    return _first(newest, lambda identity: is_signed_under(checkpoint, identity))


def witness_for(checkpoint: str, newest: bytes) -> bytes:
    """As `document_for`, for a witness that cosigned the checkpoint."""
    return _first(newest, lambda identity: is_cosigned_by(checkpoint, identity))


def _first(newest: bytes, fits: Callable[[Identity], bool]) -> bytes:
    """The newest document of a node that fits; the newest of all when none does."""
    identity = Identity.parse(newest, on=None)
    if fits(identity):
        return newest
    rows = IdentityDocument.objects.filter(node=identity.node, fingerprint=identity.fingerprint)
    found = (bytes(row.document) for row in rows if fits(Identity.parse(bytes(row.document), on=None)))
    return next(found, newest)


@transaction.atomic
def take_over(actor: Actor, partner: Partner, document: bytes, *, is_history: bool = False) -> bool:
    """Let a newer document of a pinned partner take the place of the one before; True when it did.

    What is refused (a rollback, another root, two documents of one serial) changes nothing and is shown to people.

    Args:
        actor: in whose name; a round with the partner acts as a job.
        partner: pinned, or frozen.
        document: what it offered.
        is_history: whether it came out of the partner's log, where older documents have their place.
    """
    partner = Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    have = Identity.parse(bytes(partner.identity), on=None)
    try:
        offered = Identity.parse(document, on=None if is_history else datetime.now(UTC).date())
    except TrustError as error:
        return _refuse(partner, _("It offered an identity that does not verify: %(why)s") % {"why": error})
    if (offered.node, offered.fingerprint) != (partner.node, partner.fingerprint):
        sentence = _("It offered an identity of another root, with the fingerprint %(other)s. Ask them what happened.")
        return _refuse(partner, sentence % {"other": offered.fingerprint})
    if (is_history or offered.serial >= have.serial) and not remember(offered):
        sentence = _("It signed two different identities with the serial %(serial)s. Ask them which one counts.")
        return _refuse(partner, sentence % {"serial": offered.serial})
    if offered.serial > have.serial:
        return _replace(actor, partner, offered)
    if offered.serial < have.serial and not is_history:
        sentence = _("It offered an identity with the serial %(old)s after %(new)s: a rollback.")
        return _refuse(partner, sentence % {"old": offered.serial, "new": have.serial})
    return False


def _replace(actor: Actor, partner: Partner, offered: Identity) -> bool:
    """Keep the newer document as the one that counts."""
    partner.identity, partner.identity_notice = offered.document, ""
    partner.save(update_fields=["identity", "identity_notice"])
    audit.note(
        actor,
        "exchange.take-over-identity",
        partner.node,
        serial=offered.serial,
        revoked=[one.plain for one in offered.revoked if one.reason != "superseded"],
    )
    return True


def _refuse(partner: Partner, sentence: str) -> bool:
    """Show what was refused."""
    partner.identity_notice = sentence
    partner.save(update_fields=["identity_notice"])
    return False
