"""The status of a commitment as a pure function of evidence, the partners' assessments, and the day.

*Reported* and *assessed as met* are two facts by two parties. Evidence makes a commitment reported; only evidence that
another party than its issuer has assessed as met counts towards met. More evidence never lowers a status.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sild.plan.engine.memorandum import EACH_PARTY

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from sild.plan.engine.memorandum import Commitment, Condition, Rule

AT_RISK_DAYS = 30


class Status(StrEnum):
    """Where a commitment stands; the values are the same in every language."""

    NOT_STARTED = "not-started"
    IN_PROGRESS = "in-progress"
    AT_RISK = "at-risk"
    OVERDUE = "overdue"
    REPORTED = "reported"
    MET = "met"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record that matches a condition.

    Attributes:
        key: the rule's slug, or the milestone's key.
        record, hash: the record's id and hash.
        party: code of the party whose node issued it.
        on: the day on which it was issued.
    """

    key: str
    record: str
    hash: str
    party: str
    on: date


@dataclass(frozen=True, slots=True)
class Assessment:
    """A party's verdict on what the others showed.

    Attributes:
        record: id of the record that carries it.
        party: code of the party whose node signed it.
        met: the verdict.
        sequence: position in that party's log; its latest verdict is the one that stands.
        evidence: id and hash of each record that was assessed.
    """

    record: str
    party: str
    met: bool
    sequence: int
    evidence: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """How far one rule or milestone is.

    Attributes:
        key: the rule's slug, or the milestone's key.
        needed: records that it asks for.
        reported: records that count, `needed` at most.
        assessed: those of them that another party has assessed as met.
        late: a milestone's day has passed without them.
    """

    key: str
    needed: int
    reported: int
    assessed: int
    late: bool = False

    @property
    def has_evidence(self) -> bool:
        """True when as many records count as are needed."""
        return self.reported >= self.needed

    @property
    def is_assessed(self) -> bool:
        """True when another party has assessed enough of them as met."""
        return self.assessed >= self.needed


@dataclass(frozen=True, slots=True)
class Standing:
    """A commitment's status with all that it follows from.

    Attributes:
        status: the headline.
        rules, milestones: how far each is, in the plan's order.
        disputed_by: codes of the parties whose standing verdict is “not met”.
        reported_on: the day on which the last evidence that was needed was issued; None until then.
        days_left: days until the due date, negative after it.
    """

    status: Status
    rules: tuple[Part, ...]
    milestones: tuple[Part, ...]
    disputed_by: tuple[str, ...]
    reported_on: date | None
    days_left: int

    @property
    def missing(self) -> tuple[str, ...]:
        """Keys of the rules without enough evidence."""
        return tuple(part.key for part in self.rules if not part.has_evidence)

    @property
    def unassessed(self) -> tuple[str, ...]:
        """Keys of the rules whose evidence waits for another party's verdict."""
        return tuple(part.key for part in self.rules if part.has_evidence and not part.is_assessed)


def status(
    commitment: Commitment,
    evidence: Collection[Evidence],
    assessments: Collection[Assessment],
    withdrawals: Collection[str],
    today: date,
) -> Standing:
    """Derive where a commitment stands.

    Args:
        commitment: what was promised.
        evidence: records that match its conditions; the same record may match several.
        assessments: verdicts by parties of the memorandum.
        withdrawals: ids of records, evidence or assessments, that their issuers withdrew or replaced.
        today: the day for which to tell.
    """
    shown = [item for item in evidence if item.record not in withdrawals]
    verdicts = standing_verdicts(assessments, withdrawals)
    assessed = [item for item in shown if _is_countersigned(item, verdicts)]
    rules = tuple(_rule(commitment, rule, shown, assessed) for rule in commitment.evidence)
    steps = tuple(_milestone(commitment, index, shown, assessed, today) for index in range(len(commitment.milestones)))
    disputed_by = tuple(sorted(one.party for one in verdicts if not one.met and {one.party} != set(commitment.owners)))
    days_left = (commitment.due - today).days
    headline = _headline(rules, steps, disputed=bool(disputed_by), days_left=days_left)
    return Standing(headline, rules, steps, disputed_by, _reported_on(commitment, shown), days_left)


def standing_verdicts(assessments: Collection[Assessment], withdrawals: Collection[str]) -> list[Assessment]:
    """Each party's latest verdict that was not withdrawn."""
    latest: dict[str, Assessment] = {}
    for one in assessments:
        known = latest.get(one.party)
        if one.record not in withdrawals and (known is None or one.sequence > known.sequence):
            latest[one.party] = one
    return list(latest.values())


def _is_countersigned(item: Evidence, verdicts: Sequence[Assessment]) -> bool:
    """True when another party than the issuer has assessed exactly these bytes as met."""
    return any(one.met and one.party != item.party and (item.record, item.hash) in one.evidence for one in verdicts)


def _headline(rules: Sequence[Part], steps: Sequence[Part], *, disputed: bool, days_left: int) -> Status:
    """The first that applies, in this order."""
    if disputed:
        return Status.DISPUTED
    if all(part.is_assessed for part in rules):
        return Status.MET
    if all(part.has_evidence for part in rules):
        return Status.REPORTED
    if days_left < 0:
        return Status.OVERDUE
    if days_left <= AT_RISK_DAYS or any(step.late for step in steps):
        return Status.AT_RISK
    return Status.IN_PROGRESS if any(part.reported for part in rules) else Status.NOT_STARTED


def _rule(commitment: Commitment, rule: Rule, shown: Sequence[Evidence], assessed: Sequence[Evidence]) -> Part:
    """How far a rule is; what counts as assessed must itself satisfy `differs_from`."""
    needed, reported = _count(commitment, rule, _counting(rule, shown))
    return Part(rule.slug, needed, reported, _count(commitment, rule, _counting(rule, assessed))[1])


def _milestone(
    commitment: Commitment, index: int, shown: Sequence[Evidence], assessed: Sequence[Evidence], today: date
) -> Part:
    """How far a milestone is."""
    step = commitment.milestones[index]
    needed, reported = _count(commitment, step.evidence, [item for item in shown if item.key == step.key])
    _needed, countersigned = _count(commitment, step.evidence, [item for item in assessed if item.key == step.key])
    return Part(step.key, needed, reported, countersigned, late=reported < needed and today > step.due)


def _counting(rule: Rule, items: Sequence[Evidence]) -> list[Evidence]:
    """The evidence of a rule that counts, given what there is for the rule that it must differ from."""
    others = {item.party for item in items if item.key == rule.differs_from}
    return [item for item in items if item.key == rule.slug and (rule.differs_from is None or others - {item.party})]


def _count(commitment: Commitment, condition: Condition, items: Sequence[Evidence]) -> tuple[int, int]:
    """How many records are needed and how many of these count; the same record counts once."""
    parties = Counter(party for _record, party in {(item.record, item.party) for item in items})
    if condition.issuer == EACH_PARTY:
        owners = set(commitment.owners)
        return condition.at_least * len(owners), sum(min(parties[owner], condition.at_least) for owner in owners)
    return condition.at_least, min(parties.total(), condition.at_least)


def _reported_on(commitment: Commitment, shown: Sequence[Evidence]) -> date | None:
    """The first day on which what had been issued until then was enough for every rule."""
    for day in sorted({item.on for item in shown}):
        until = [item for item in shown if item.on <= day]
        if all(_rule(commitment, rule, until, ()).has_evidence for rule in commitment.evidence):
            return day
    return None
