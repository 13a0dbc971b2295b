"""A commitment prepared for its page: each rule and milestone with its evidence, and who said what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sild.exchange import multilingual
from sild.plan import sentences
from sild.plan.enums import STATUS_COLOURS, STATUS_LABELS, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from sild.exchange.models import Record
    from sild.people.actor import Actor
    from sild.plan.engine.memorandum import Condition
    from sild.plan.engine.status import Part
    from sild.plan.models import Assessment, Evidence, Milestone
    from sild.plan.standing import View


@dataclass(frozen=True, slots=True)
class Row:
    """A commitment as lists show it: status in words and colour, why, and how many rules are how far."""

    shown: View
    label: object
    colour: str
    why: str
    reported: int
    assessed: int
    total: int


@dataclass(frozen=True, slots=True)
class Item:
    """A record that was linked as evidence.

    Attributes:
        record: None when another agency of this node keeps it to itself.
        party: name of the party that issued it.
        withdrawn: it stopped counting.
        verdicts: of other parties that assessed exactly this record as met, with their names.
    """

    record: Record | None
    party: str
    withdrawn: bool
    verdicts: tuple[tuple[str, Assessment], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule, or a milestone's condition, with the evidence for it."""

    title: str
    condition: Condition
    part: Part
    items: tuple[Item, ...]
    milestone: Milestone | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """What one party showed: how many records count, and when it issued the last one."""

    party: str
    node: str
    records: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Spoken:
    """A party's verdict, with the party's name."""

    party: str
    assessment: Assessment
    is_met: bool
    withdrawn: bool


def row(shown: View) -> Row:
    """A commitment as lists show it."""
    rules = shown.standing.rules
    return Row(
        shown,
        STATUS_LABELS[shown.status],
        STATUS_COLOURS[shown.status],
        sentences.why(shown),
        sum(part.has_evidence for part in rules),
        sum(part.is_assessed for part in rules),
        len(rules),
    )


def rules(actor: Actor, shown: View) -> list[Asked]:
    """What must be shown, in the memorandum's order."""
    readable = shown.readable_by(actor)
    return [
        Asked(multilingual.pick(rule.title.model_dump()), rule, part, _items(shown, rule.slug, readable))
        for rule, part in zip(shown.data.evidence, shown.standing.rules, strict=True)
    ]


def milestones(actor: Actor, shown: View) -> list[Asked]:
    """The steps on the way, in the order of time."""
    readable = shown.readable_by(actor)
    steps = shown.commitment.milestones.all()
    return [
        Asked(str(step), data.evidence, part, _items(shown, data.key, readable), step)
        for step, data, part in zip(steps, shown.data.milestones, shown.standing.milestones, strict=True)
    ]


def reported(shown: View) -> list[Reported]:
    """What each party showed, by its name."""
    found = []
    for code in shown.plan.parties:
        rows = [item for item in shown.counted if item.party == code]
        if rows:
            last = max(item.record.issued for item in rows)
            records = len({item.record_id for item in rows})
            found.append(Reported(shown.plan.name_of(code), shown.plan.node_of(code), records, last))
    return found


def verdicts(shown: View) -> tuple[list[Spoken], list[Spoken]]:
    """Verdicts that stand, and those that were replaced or withdrawn; newest first."""
    standing = shown.standing_assessments
    earlier = [one for one in shown.assessments if one not in standing]
    return [_spoken(shown, one) for one in standing], [_spoken(shown, one) for one in earlier]


def _spoken(shown: View, one: Assessment) -> Spoken:
    """A verdict with the name of its party."""
    return Spoken(shown.plan.name_of(one.party), one, one.verdict == Verdict.MET, one.record.withdrawn)


def _items(shown: View, key: str, readable: Collection[UUID]) -> tuple[Item, ...]:
    """The evidence linked to a rule or milestone, oldest first."""
    return tuple(_item(shown, link, readable) for link in shown.evidence if link.rule == key)


def _item(shown: View, link: Evidence, readable: Collection[UUID]) -> Item:
    """One record of evidence."""
    spoken = tuple((shown.plan.name_of(one.party), one) for one in shown.assessed_by(link))
    record = link.record if link.record_id in readable else None
    return Item(record, shown.plan.name_of(link.party), shown.is_withdrawn(link), spoken)
