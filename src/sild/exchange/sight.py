"""What would they see? One row for each partner, of a draft, of what is published, and of what could be passed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sild.exchange import gate, naming
from sild.exchange.errors import WithheldError
from sild.exchange.models import Acknowledgement, Carried, Delivery, Partner, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.exchange.services import Draft


class Stage(TextChoices):
    """How far a record came on its way to a partner."""

    NONE = "none", gettext_lazy("does not go there")
    DRAFT = "draft", gettext_lazy("not published")
    WAITING = "waiting", gettext_lazy("waiting to be fetched")
    IMPORTED = "imported", gettext_lazy("imported")
    ACKNOWLEDGED = "acknowledged", gettext_lazy("imported, acknowledged by a receipt")
    ENDING = "ending", gettext_lazy("withdrawn, not yet acknowledged")
    ENDED = "ended", gettext_lazy("withdrawn, acknowledged")


@dataclass(frozen=True, slots=True)
class Sight:
    """What one partner sees.

    Attributes:
        partner: who.
        sees: whether it sees the record, or would.
        reason: why, as a sentence.
        stage: how far the record came.
    """

    partner: Partner
    sees: bool
    reason: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing a draft would do.

    Attributes:
        rows: one for each partner.
        refusal: why publishing would be refused as a whole; empty when it would not.
        code: of that refusal.
        named: records here that the draft names.
    """

    rows: list[Sight]
    named: list[naming.Named]
    refusal: str = ""
    code: str = ""


def of_draft(draft: Draft) -> Preview:
    """What each partner would see of a draft, and whether it could be published at all.

    Raises:
        WithheldError: marking and audience contradict each other, so that nothing can be said of anybody.
    """
    gate.check_marking(draft.tlp, draft.audience)
    refusal, code = "", ""
    try:
        naming.check([draft])
    except WithheldError as error:
        refusal, code = str(error), error.code
    try:
        [named] = naming.of([draft])
    except WithheldError:
        named = []
    return Preview([_of_draft(draft, named, one) for one in Partner.objects.all()], named, refusal, code)


def _of_draft(draft: Draft, named: Sequence[naming.Named], partner: Partner) -> Sight:
    """What one partner would see of a draft."""
    decision = gate.decide(draft.tlp, draft.audience, partner.node, pinned=partner.is_pinned)
    if decision.allowed:
        for one in named:
            if not gate.may_know(one, partner.node):
                return Sight(partner, False, naming.sentence(one, [partner.node]), Stage.DRAFT)
    return Sight(partner, decision.allowed, decision.reason, Stage.DRAFT)


def of_record(record: Record) -> list[Sight]:
    """What each partner sees of a published record; of another node's: whether it may be passed on there."""
    if not record.is_own:
        return [_of_foreign(record, partner) for partner in Partner.objects.exclude(node=record.issuer)]
    numbered = {row.partner_id: row for row in Delivery.objects.filter(record=record)}
    known = set(Acknowledgement.objects.filter(record=record).values_list("partner_id", flat=True))
    endings = dict(Delivery.objects.filter(record__withdraws_id=record.pk).values_list("partner_id", "record_id"))
    aware = set(Acknowledgement.objects.filter(record__in=endings.values()).values_list("partner_id", flat=True))
    return [
        _of_own(record, partner, numbered.get(partner.node), known, set(endings), aware)
        for partner in Partner.objects.all()
    ]


def _of_own(
    record: Record,
    partner: Partner,
    delivery: Delivery | None,
    known: set[str],
    endings: set[str],
    aware: set[str],
) -> Sight:
    """What one partner sees of one of our records."""
    node = partner.node
    if delivery is None:
        decision = gate.decide(record.tlp, record.audience, node, pinned=partner.is_pinned)
        reason = _("It was withdrawn before this partner could have it.") if decision.allowed else decision.reason
        return Sight(partner, False, reason, Stage.NONE)
    if node in endings:
        told = node in aware
        reason = (
            _("It has acknowledged the withdrawal and shows the record no more.")
            if told
            else _("It was told to show the record no more and has not acknowledged that yet.")
        )
        return Sight(partner, not told and node in known, reason, Stage.ENDED if told else Stage.ENDING)
    decision = gate.decide(record.tlp, record.audience, node, pinned=partner.is_pinned)
    stage = Stage.IMPORTED if delivery.is_fetched else Stage.WAITING
    return Sight(partner, decision.allowed, decision.reason, Stage.ACKNOWLEDGED if node in known else stage)


def _of_foreign(record: Record, partner: Partner) -> Sight:
    """Whether another node's record was passed on to a partner, or may be."""
    carried = Carried.objects.filter(original=record.pk, forward__received=None, forward__withdrawn=False)
    sent = Delivery.objects.filter(partner=partner, record__in=carried.values("forward")).first()
    if sent is not None:
        stage = Stage.IMPORTED if sent.is_fetched else Stage.WAITING
        return Sight(partner, True, _("This node passed it on."), stage)
    try:
        gate.check_passing_on(record, gate.PARTNERS)
    except WithheldError as error:
        return Sight(partner, False, str(error), Stage.NONE)
    return Sight(partner, False, _("It may be passed on, and was not by this node."), Stage.NONE)
