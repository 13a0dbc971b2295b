"""Answers to those who shared: that we saw it too, and what we think of it after using it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import services as exchange
from sild.exchange.models import Record
from sild.people import audit
from sild.people.enums import Right
from sild.threats import inbox, reading, sharing, writing
from sild.threats.desk_errors import SharingError
from sild.threats.engine import build, tlp
from sild.threats.enums import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sild.people.actor import Actor

# STIX 2.1, opinion-enum (section 10.20), from the worst to the best.
OPINIONS = ("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree")


@transaction.atomic
def report_sighting(
    actor: Actor,
    stix_id: str,
    *,
    count: int = 1,
    first_seen: datetime | None = None,
    last_seen: datetime | None = None,
    description: str = "",
    tell: bool = True,
) -> list[Record]:
    """Note that the agency saw an object, and tell those who shared it with us, by records that answer theirs.

    Args:
        actor: needs the right to edit, and to publish when partners are told.
        stix_id: what was seen.
        count: how many times, 1 to 999,999,999.
        first_seen: when it was seen first.
        last_seen: when it was seen last; now when nothing is said.
        description: what was seen where, for the partner to read.
        tell: whether partners are told.

    Returns:
        the records that were published; none when we alone know of the object.
    """
    found = reading.get(actor, stix_id)
    maker = _maker(actor, found.level.tlp)
    times = {"first_seen": first_seen, "last_seen": last_seen or first_seen}
    more = {name: build.stamp(moment) for name, moment in times.items() if moment}
    made = maker.sighting(stix_id, count, description=description, **({"last_seen": maker.now} | more))
    return _say(actor, inbox.SIGHTING, stix_id, [maker.identity, made], tell=tell)


@transaction.atomic
def give_feedback(
    actor: Actor,
    stix_id: str,
    opinion: str,
    explanation: str,
    *,
    tell: bool = True,
) -> list[Record]:
    """Say what the agency thinks of an indicator, a rule or a playbook after using it; tells those who shared it.

    Raises:
        SharingError: the opinion is not one of `OPINIONS`, or nothing is explained.
    """
    if opinion not in OPINIONS or not explanation.strip():
        raise SharingError(_("Choose an opinion and say in a sentence what it rests on."))
    found = reading.get(actor, stix_id)
    maker = _maker(actor, found.level.tlp)
    made = maker.opinion(stix_id, opinion, explanation)
    return _say(actor, inbox.FEEDBACK, stix_id, [maker.identity, made], tell=tell)


def to_whom(actor: Actor, stix_id: str) -> list[Record]:
    """The standing records of partners that brought an object and that the actor may see, newest first."""
    visible = Record.objects.visible_to(actor).exclude(received=None)
    carriers = [record.pk for record in sharing.carriers(stix_id)]
    return inbox.standing(visible.filter(pk__in=carriers, kind__in=(inbox.BUNDLE, "analyst.findings")))


def _maker(actor: Actor, level: str) -> build.Maker:
    actor.require(Right.EDIT)
    return build.Maker(writing.identity_of(writing.agency_of(actor)), writing.now(), level)


def _say(actor: Actor, kind: str, stix_id: str, objects: Sequence[dict[str, Any]], *, tell: bool) -> list[Record]:
    """Store an answer here and publish it to each issuer, under the marking of the record that it answers."""
    writing.store(actor, objects, Origin.DESK, actor.who)
    audit.note(actor, kind, stix_id)
    answered = {record.issuer: record for record in reversed(to_whom(actor, stix_id))} if tell else {}
    drafts = [
        exchange.Draft(
            kind=kind,
            subject=record.subject,
            body=build.bundle([tlp.definition(record.tlp), *(_marked(item, record.tlp) for item in objects)]),
            tlp=record.tlp,
            audience=[record.issuer],
            answers=record,
        )
        for record in answered.values()
    ]
    return exchange.publish_batch(actor, drafts) if drafts else []


def _marked(stix: dict[str, Any], level: str) -> dict[str, Any]:
    """An answer under its record's marking; who answers is for everybody to know."""
    return stix if stix["type"] == "identity" else tlp.remark(stix, level)
