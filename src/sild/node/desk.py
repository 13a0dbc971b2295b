"""The reader's desk: what needs them, what came in, and how the links to partners stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.apps import apps
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sild.exchange import guard, keys, log, own
from sild.exchange.enums import PartnerState
from sild.exchange.models import Delivery, Partner, Record, Refusal
from sild.people.enums import Right
from sild.trust.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.people.actor import Actor

# A link that was silent for this long is worth a person's look; nodes ask each other every few seconds.
SILENT = timedelta(minutes=10)
RECENT = timedelta(days=14)
LATEST = 8


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person: `colour` is Designsystemet's, danger before warning before info."""

    colour: str
    sentence: str
    href: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """How it stands with one partner; counts are records."""

    partner: Partner
    sent: int
    received: int

    @property
    def waiting(self) -> int:
        """Records that the partner has not yet confirmed."""
        return self.sent - sum(self.partner.confirmed.values())

    @property
    def silent(self) -> bool:
        """Nothing was heard for longer than usual."""
        return self.partner.last_contact is None or timezone.now() - self.partner.last_contact > SILENT


def links() -> list[Link]:
    """Every partner with what went there and what came from there."""
    return [
        Link(
            partner,
            sent=Delivery.objects.filter(partner=partner).count(),
            received=Record.objects.filter(issuer=partner.node).count(),
        )
        for partner in Partner.objects.all()
    ]


def latest(actor: Actor) -> list[Record]:
    """What came in last that the actor may see."""
    return list(Record.objects.visible_to(actor).exclude(received=None).order_by("-received")[:LATEST])


def needs(actor: Actor, standing: list[Link]) -> list[Need]:
    """What waits for a person, most pressing first."""
    order = ["danger", "warning", "info"]
    found = [*_of_log(), *_of_keys()] if actor.may(Right.ADMINISTER) else []
    found += [need for link in standing for need in _of_partner(link)]
    if apps.is_installed("sild.sandbox"):
        found += _of_runs(actor)
    return sorted(found, key=lambda need: order.index(need.colour))


def _of_log() -> Iterator[Need]:
    """Whether this node's own log is signed; the partners' page says more."""
    held, href = log.held(), reverse("exchange:partners")
    if held:
        yield Need("danger", held, href)
    elif log.unsigned() and not guard.may_sign():
        sentence = ngettext(
            "%(count)d record is not signed yet: no partner has said since the restart how far it saw our log.",
            "%(count)d records are not signed yet: no partner has said since the restart how far it saw our log.",
            log.unsigned(),
        )
        yield Need("warning", sentence % {"count": log.unsigned()}, href)


def _of_keys() -> Iterator[Need]:
    """Which of this node's own keys must be replaced, or soon must be."""
    identity = Identity.parse(own.node_keys().identity_document(), on=None)
    for one in keys.endings_of(identity):
        late = one["ends"] < timezone.now()
        sentence = (
            _("%(key)s should have been replaced by %(day)s. Whoever keeps the root must do it: sild trust rotate")
            if late
            else _("%(key)s must be replaced by %(day)s.")
        )
        day = date_format(one["ends"], "DATE_FORMAT")
        yield Need(
            "danger" if late else "warning", sentence % {"key": one["name"], "day": day}, reverse("exchange:partners")
        )


def _of_runs(actor: Actor) -> Iterator[Need]:
    """Runs of the actor's agency that failed, or finished and are not published yet."""
    runs = actor.visible(apps.get_model("sandbox", "Run").objects.filter(ended__gt=timezone.now() - RECENT))
    for run in runs.filter(state="failed"):
        yield Need("warning", _("The run %(run)s failed.") % {"run": run}, run.get_absolute_url(), run.ended)
    for run in runs.filter(state="finished", record_id=None):
        sentence = _("The run %(run)s is finished; its report is not published.")
        yield Need("info", sentence % {"run": run}, run.get_absolute_url(), run.ended)


def _of_partner(link: Link) -> Iterator[Need]:
    """What one partner needs of us."""
    partner, href = link.partner, link.partner.get_absolute_url()
    if partner.state == PartnerState.FROZEN:
        yield Need(
            "danger", _("Import from %(partner)s is stopped: a person must decide.") % {"partner": partner}, href
        )
    if partner.state == PartnerState.ADDED:
        sentence = _("Compare fingerprints with %(partner)s, then pin the key; nothing is exchanged before.")
        yield Need("warning", sentence % {"partner": partner}, href)
        return
    yield from _refused(partner, href)
    if partner.failures and partner.state == PartnerState.PINNED:
        sentence = _("The link to %(partner)s does not work: %(why)s")
        yield Need("warning", sentence % {"partner": partner, "why": partner.last_error}, href, partner.last_contact)
    if link.waiting and link.silent:
        sentence = ngettext(
            "%(count)d record waits for %(partner)s, which has not fetched it.",
            "%(count)d records wait for %(partner)s, which has not fetched them.",
            link.waiting,
        )
        yield Need("info", sentence % {"count": link.waiting, "partner": partner}, href, partner.last_contact)


def _refused(partner: Partner, href: str) -> Iterator[Need]:
    """What was refused lately."""
    refused = Refusal.objects.filter(partner=partner, at__gt=timezone.now() - RECENT)
    last = refused.first()
    if last is not None:
        number = refused.count()
        sentence = ngettext(
            "%(count)d record from %(partner)s was refused and is kept for inspection.",
            "%(count)d records from %(partner)s were refused and are kept for inspection.",
            number,
        )
        yield Need("warning", sentence % {"count": number, "partner": partner}, href, last.at)
