"""Sharing objects with partners: one record for each TLP level, so that the exchange's gate stays the only gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import gate
from sild.exchange import services as exchange
from sild.exchange.errors import WithheldError
from sild.exchange.models import Record
from sild.people import audit
from sild.people.enums import Right
from sild.threats import company, inbox, reading, writing
from sild.threats.desk_errors import SharingError
from sild.threats.engine import build, tlp
from sild.threats.enums import Level, Origin
from sild.threats.models import Assertion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sild.exchange.gate import Audience, Decision
    from sild.exchange.models import Partner
    from sild.people.actor import Actor
    from sild.threats.reading import Found


@dataclass(frozen=True, slots=True)
class Parcel:
    """The objects of one level, which one record will carry.

    Attributes:
        decisions: what the gate says for each partner.
        refusal: why marking and audience contradict each other; empty when they do not.
    """

    level: Level
    objects: Sequence[Found]
    decisions: Sequence[tuple[Partner, Decision]]
    refusal: str = ""

    @property
    def leaves(self) -> bool:
        """True when at least one partner would get it."""
        return any(decision.allowed for _partner, decision in self.decisions)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen: the parcels from the most open to the most closed, and what stays here whatever is chosen."""

    parcels: Sequence[Parcel]
    kept: Sequence[tuple[Found, str]]

    def seen_by(self, partner: Partner) -> list[Found]:
        """The objects that this partner would get."""
        return [
            found
            for parcel in self.parcels
            for other, decision in parcel.decisions
            if other.pk == partner.pk and decision.allowed
            for found in parcel.objects
        ]


def plan(actor: Actor, stix_ids: Iterable[str], audience: Audience) -> Plan:
    """Say what each partner would see if these objects were shared with that audience.

    Relationships between the chosen objects, their creators, and the objects that they cannot be read without go along.

    Raises:
        SharingError: nothing was chosen, or too much.
        NotFoundError: the actor may not see one of them.
    """
    chosen = company.gather(actor, list(dict.fromkeys(stix_ids)))
    levels = company.levels(chosen)
    kept = company.kept_here(actor, chosen, levels)
    parcels = [
        _parcel(level, objects, audience)
        for level in Level
        if (objects := [one for one in chosen if one.stix_id not in kept and levels[one.stix_id] == level])
    ]
    return Plan(parcels, [(one, kept[one.stix_id]) for one in chosen if one.stix_id in kept])


@transaction.atomic
def share(actor: Actor, stix_ids: Iterable[str], audience: Audience, subject: str) -> list[Record]:
    """Publish the objects that may leave, one record for each level, under one pair of signatures.

    Raises:
        NotAllowedError: the actor may not publish.
        SharingError: no partner would get anything.
        WithheldError: the audience is none.
    """
    actor.require(Right.PUBLISH)
    planned = plan(actor, stix_ids, audience)
    leaving = [parcel for parcel in planned.parcels if parcel.leaves]
    if not leaving:
        why = next((parcel.refusal for parcel in planned.parcels if parcel.refusal), "")
        raise SharingError(why or _("No partner would get any of this: see what keeps it here."))
    drafts = [
        exchange.Draft(
            kind=inbox.BUNDLE,
            subject=subject.strip()[:300] or _("Threat information"),
            body=_body([found.content for found in parcel.objects], parcel.level.tlp),
            tlp=parcel.level.tlp,
            audience=audience,
        )
        for parcel in leaving
    ]
    records = exchange.publish_batch(actor, drafts)
    audit.note(actor, "threats.share", subject, objects=sum(len(parcel.objects) for parcel in leaving))
    return records


@transaction.atomic
def revoke(actor: Actor, stix_id: str) -> list[Record]:
    """Revoke an object that the actor's agency created, here and at everybody it was shared with (STIX 2.1, 3.6).

    Returns:
        the records that tell partners, one for each record that carried the object to them.

    Raises:
        SharingError: another created it, or it is revoked already.
    """
    actor.require(Right.PUBLISH)
    found = reading.get(actor, stix_id)
    identity = writing.identity_of(writing.agency_of(actor))
    if found.content.get("created_by_ref") != identity["id"]:
        raise SharingError(_("Only its creator revokes an object. Say what you think of it instead."))
    if found.is_revoked:
        raise SharingError(_("This object has been revoked already."))
    revoked = build.new_version(found.content, writing.now(), revoked=True)
    writing.store(actor, [revoked], Origin.DESK, actor.who)
    drafts = [
        exchange.Draft(
            kind=inbox.BUNDLE,
            subject=record.subject,
            body=_body([identity, revoked], record.tlp),
            tlp=record.tlp,
            audience=record.audience,
            answers=record,
        )
        for record in inbox.standing(carriers(stix_id))
        if record.is_own
    ]
    audit.note(actor, "threats.revoke", stix_id, records=len(drafts))
    return exchange.publish_batch(actor, drafts) if drafts else []


def carriers(stix_id: str) -> list[Record]:
    """The records that carried a version of an object, newest first; for services, which ask who may see them."""
    batches = Assertion.objects.filter(version__object__stix_id=stix_id, batch__record__isnull=False)
    return list(Record.objects.filter(pk__in=batches.values("batch__record")).order_by("-issued", "-pk"))


def _body(objects: list[dict[str, Any]], level: str) -> dict[str, Any]:
    """The bundle that a record carries, with the definition of its marking."""
    return build.bundle([tlp.definition(level), *objects])


def _parcel(level: Level, objects: list[Found], audience: Audience) -> Parcel:
    """One level's objects with what the gate says."""
    refusal = ""
    try:
        gate.check_marking(level.tlp, audience)
    except WithheldError as error:
        refusal = str(error)
    return Parcel(level, objects, exchange.preview(level.tlp, audience), refusal)
