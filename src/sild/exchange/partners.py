"""What officials do with partners: add one, compare fingerprints and pin it, freeze it, let it go on."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sild.exchange import identities, log, own
from sild.exchange.enums import PartnerState
from sild.exchange.errors import NotFoundError, PartnerError
from sild.exchange.models import Partner, Record
from sild.exchange.numbering import enqueue
from sild.people import audit
from sild.people.enums import Right
from sild.trust.errors import TrustError
from sild.trust.identity import Identity
from sild.trust.spoken import hear

if TYPE_CHECKING:
    from sild.people.actor import Actor


def identity_of(partner: Partner) -> Identity:
    """The partner's verified identity.

    Raises:
        PartnerError: it does not verify any more, for instance because it ran out.
    """
    try:
        return Identity.parse(bytes(partner.identity), on=datetime.now(UTC).date())
    except TrustError as error:
        raise PartnerError(
            _("The identity of %(node)s cannot be used: %(why)s Ask them for a new one and add it again.")
            % {"node": partner.node, "why": error},
            code=error.code,
        ) from error


@transaction.atomic
def add(actor: Actor, document: bytes, url: str, *, name: str = "") -> Partner:
    """Add a partner by its identity document; nothing is exchanged until the fingerprint is pinned.

    Raises:
        NotAllowedError: the actor does not administer.
        PartnerError: the document does not verify, is our own, or clashes with a pinned partner of the same name.
    """
    actor.require(Right.ADMINISTER)
    try:
        identity = Identity.parse(document, on=datetime.now(UTC).date())
    except TrustError as error:
        raise PartnerError(
            _("That is no valid identity document: %(why)s") % {"why": error}, code=error.code
        ) from error
    if identity.node == own.node_id():
        raise PartnerError(_("%(node)s is this node itself.") % {"node": identity.node})
    known = Partner.objects.select_for_update(no_key=True).filter(node=identity.node).first()
    if known and known.is_pinned and known.fingerprint != identity.fingerprint:
        raise PartnerError(
            _("%(node)s is pinned with the fingerprint %(old)s, but this document has %(new)s. Nothing was changed. "
              "Ask them over a channel that you trust what happened.")
            % {"node": identity.node, "old": known.fingerprint, "new": identity.fingerprint}
        )  # fmt: skip
    if known and known.their_size and known.fingerprint != identity.fingerprint:
        raise PartnerError(
            _("%(node)s kept a log under another root, %(old)s, and records of it are here. A node with a new root "
              "needs a new name, so that nobody takes one for the other.")
            % {"node": identity.node, "old": known.fingerprint},
            code="new-root",
        )  # fmt: skip
    if known and known.fingerprint == identity.fingerprint:
        _refuse_rollback(known, identity)
    identities.remember(identity)
    partner, _created = Partner.objects.update_or_create(
        node=identity.node,
        defaults={
            "name": name or (known.name if known else identity.node),
            "url": url,
            "identity": identity.document,
            "fingerprint": identity.fingerprint,
            "identity_notice": "",
        },
    )
    audit.note(actor, "exchange.add-partner", partner.node, fingerprint=partner.fingerprint, url=url)
    return partner


@transaction.atomic
def pin(actor: Actor, node: str, fingerprint: str) -> Partner:
    """Pin a partner after the fingerprint has been read aloud; from then on records flow.

    Args:
        actor: an administrator.
        node: the partner's id.
        fingerprint: as it was heard, in letters and digits or in words of any of the three languages.

    Raises:
        PartnerError: it is no fingerprint, or it is not the one of the identity that was added.
    """
    actor.require(Right.ADMINISTER)
    # Nothing may be published between reading what there is and numbering it.
    log.lock()
    partner = get(node, lock=True)
    try:
        heard = hear(fingerprint)
    except ValueError as error:
        raise PartnerError(str(error), code="fingerprint") from error
    if heard != partner.fingerprint:
        raise PartnerError(
            _("The fingerprint read aloud, %(heard)s, is not that of the identity received from %(node)s, %(have)s. "
              "It was not pinned: somebody may be in between.")
            % {"heard": heard, "node": node, "have": partner.fingerprint}
        )  # fmt: skip
    if partner.state == PartnerState.ADDED:
        partner.state, partner.reason = PartnerState.PINNED, ""
        partner.pinned_at = timezone.now()
        partner.save(update_fields=["state", "reason", "pinned_at"])
        # What was taken back is no more for anybody who did not have it, and its withdrawal would only tell of it.
        standing = Record.objects.filter(received=None, withdrawn=False, withdraws_id=None)
        unnumbered = standing.exclude(deliveries__partner=partner)
        enqueue(list(unnumbered.order_by("leaf_index")), [partner])
        audit.note(actor, "exchange.pin-partner", node, fingerprint=partner.fingerprint)
    return partner


@transaction.atomic
def unpin(actor: Actor, node: str, reason: str) -> Partner:
    """Remove a pin: its keys open no link any more and nothing is imported; what was exchanged stays.

    Raises:
        PartnerError: there is no pin, or no reason was given.
    """
    actor.require(Right.ADMINISTER)
    partner = get(node, lock=True)
    if not partner.is_pinned:
        raise PartnerError(_("%(node)s is not pinned.") % {"node": node})
    if not reason.strip():
        raise PartnerError(_("Write down why the pin is removed; the audit trail keeps it."), code="reason")
    partner.state, partner.reason, partner.pinned_at = PartnerState.ADDED, reason.strip(), None
    partner.save(update_fields=["state", "reason", "pinned_at"])
    audit.note(actor, "exchange.unpin-partner", node, fingerprint=partner.fingerprint, reason=partner.reason)
    return partner


@transaction.atomic
def freeze(actor: Actor, node: str, reason: str) -> Partner:
    """Stop importing from a partner until a person decides; what was imported stays."""
    partner = get(node, lock=True)
    if partner.state != PartnerState.FROZEN:
        partner.state, partner.reason = PartnerState.FROZEN, reason
        partner.save(update_fields=["state", "reason"])
        audit.note(actor, "exchange.freeze-partner", node, reason=reason)
    return partner


@transaction.atomic
def unfreeze(actor: Actor, node: str, decision: str) -> Partner:
    """Go on with a frozen partner; the decision is kept in the audit trail.

    Raises:
        PartnerError: the partner is not frozen.
    """
    actor.require(Right.ADMINISTER)
    partner = get(node, lock=True)
    if partner.state != PartnerState.FROZEN:
        raise PartnerError(_("%(node)s is not frozen.") % {"node": node})
    partner.state, partner.reason = PartnerState.PINNED, ""
    partner.save(update_fields=["state", "reason"])
    audit.note(actor, "exchange.unfreeze-partner", node, decision=decision)
    return partner


def get(node: str, *, lock: bool = False) -> Partner:
    """The partner of that id.

    Raises:
        NotFoundError: there is none.
    """
    queryset = Partner.objects.select_for_update(no_key=True) if lock else Partner.objects.all()
    partner = queryset.filter(node=node).first()
    if partner is None:
        raise NotFoundError(
            _("There is no partner “%(node)s” here. Add it first: sild partner add URL.") % {"node": node}
        )
    return partner


def by_thumbprint(thumbprint: str) -> Partner | None:
    """The pinned partner whose TLS key this is; None when nobody pinned has it.

    A partner whose identity ran out is not recognised; that is no reason to turn away another one.
    """
    for partner in Partner.objects.exclude(state=PartnerState.ADDED):
        with suppress(PartnerError):
            if thumbprint in identity_of(partner).tls_thumbprints:
                return partner
    return None


def _refuse_rollback(known: Partner, identity: Identity) -> None:
    """Refuse an older document, or another one of the same serial, than the one that is here."""
    have = Identity.parse(bytes(known.identity), on=None)
    if identity.serial < have.serial or (identity.serial == have.serial and identity.document != have.document):
        raise PartnerError(
            _("This identity of %(node)s has the serial %(old)s, but %(new)s was seen before. Nothing was changed. "
              "Ask them for their newest one.")
            % {"node": known.node, "old": identity.serial, "new": have.serial},
            code="rollback",
        )  # fmt: skip
