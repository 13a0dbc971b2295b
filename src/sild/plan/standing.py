"""A commitment with all that its page shows: rules, evidence, claims, verdicts, and the status derived from them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone

from sild.exchange.models import Record
from sild.plan.engine import status as engine
from sild.plan.enums import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from uuid import UUID

    from sild.people.actor import Actor
    from sild.plan.engine import memorandum
    from sild.plan.engine.status import Standing, Status
    from sild.plan.models import Assessment, Claim, Commitment, Evidence, Plan

PREFETCHED = ("milestones", "evidence__record", "assessments__record", "claims__agency", "plan")


@dataclass(frozen=True)
class View:
    """A commitment as it stands on a day.

    Attributes:
        commitment, data: the row, and the same as the engine knows it.
        standing: the status with all that it follows from.
        withdrawals: ids of the records that no longer count.
        evidence, assessments, claims: all rows, withdrawn ones too.
    """

    commitment: Commitment
    data: memorandum.Commitment
    standing: Standing
    withdrawals: frozenset[str]
    evidence: tuple[Evidence, ...]
    assessments: tuple[Assessment, ...]
    claims: tuple[Claim, ...]

    @property
    def plan(self) -> Plan:
        """The plan that the commitment belongs to."""
        return self.commitment.plan

    @property
    def status(self) -> Status:
        """The headline."""
        return self.standing.status

    @property
    def owners(self) -> list[str]:
        """Names of the parties that promised it."""
        return [self.plan.name_of(code) for code in self.data.owners]

    @property
    def last_assessment(self) -> Assessment | None:
        """The newest verdict that stands; None when there is none."""
        return next(iter(self.standing_assessments), None)

    @cached_property
    def standing_assessments(self) -> list[Assessment]:
        """Each party's latest verdict that was not withdrawn, newest first."""
        verdicts = engine.standing_verdicts([_verdict(row) for row in self.assessments], self.withdrawals)
        kept = {one.record for one in verdicts}
        return [row for row in self.assessments if str(row.record_id) in kept]

    @cached_property
    def counted(self) -> list[Evidence]:
        """Rows of evidence that count for rules: those of milestones are left out, and what was withdrawn."""
        return [row for row in self.evidence if ":" not in row.rule and not self.is_withdrawn(row)]

    @cached_property
    def records(self) -> dict[str, Record]:
        """The records that count, each once, by id, oldest first."""
        return {str(row.record_id): row.record for row in self.counted}

    def readable_by(self, actor: Actor) -> set[UUID]:
        """Ids of the linked records that the actor may see; others an agency of this node keeps to itself."""
        linked = [row.record_id for row in self.evidence]
        return set(Record.objects.visible_to(actor).filter(pk__in=linked).values_list("pk", flat=True))

    def is_withdrawn(self, row: Evidence | Assessment) -> bool:
        """True when the record was withdrawn, or replaced by a newer version."""
        return str(row.record_id) in self.withdrawals

    def assessed_by(self, row: Evidence) -> list[Assessment]:
        """The verdicts of other parties that say “met” of exactly this record."""
        reference = [str(row.record_id), row.record.hash]
        others = [one for one in self.standing_assessments if one.party != row.party and one.verdict == Verdict.MET]
        return [one for one in others if reference in one.evidence]


def view(commitment: Commitment, today: date | None = None) -> View:
    """How a commitment stands, today unless told otherwise."""
    return views([commitment], today)[0]


def of_plan(plan: Plan, today: date | None = None) -> list[View]:
    """How every commitment of a plan stands, in the memorandum's order."""
    return views(plan.commitments.prefetch_related(*PREFETCHED), today)


def counts(shown: Iterable[View]) -> Counter[Status]:
    """How many commitments have each status."""
    return Counter(one.status for one in shown)


def views(commitments: Iterable[Commitment], today: date | None = None) -> list[View]:
    """How commitments stand; one query more than it takes to read them."""
    rows = list(commitments)
    withdrawals = _withdrawals(rows)
    return [_view(row, withdrawals, today or timezone.localdate()) for row in rows]


def _view(commitment: Commitment, withdrawals: frozenset[str], today: date) -> View:
    """Put one commitment's facts together."""
    data = commitment.as_data()
    evidence, assessments = tuple(commitment.evidence.all()), tuple(commitment.assessments.all())
    standing = engine.status(
        data, [_item(row) for row in evidence], [_verdict(row) for row in assessments], withdrawals, today
    )
    return View(commitment, data, standing, withdrawals, evidence, assessments, tuple(commitment.claims.all()))


def _withdrawals(commitments: list[Commitment]) -> frozenset[str]:
    """Ids of the named records that their own issuer withdrew or replaced."""
    rows: list[Evidence | Assessment] = []
    for commitment in commitments:
        rows += [*commitment.evidence.all(), *commitment.assessments.all()]
    records = {row.record_id: row.record for row in rows}
    newer = Record.objects.filter(replaces_id__in=records).values_list("replaces_id", "issuer")
    replaced = {named for named, issuer in newer if named is not None and records[named].issuer == issuer}
    withdrawn = {pk for pk, record in records.items() if record.withdrawn}
    return frozenset(str(pk) for pk in replaced | withdrawn)


def _item(row: Evidence) -> engine.Evidence:
    """A row of evidence as the engine knows it."""
    record = row.record
    return engine.Evidence(row.rule, str(row.record_id), record.hash, row.party, record.issued.date())


def _verdict(row: Assessment) -> engine.Assessment:
    """An assessment as the engine knows it."""
    named = frozenset((str(record), str(digest)) for record, digest in row.evidence)
    return engine.Assessment(str(row.record_id), row.party, row.verdict == Verdict.MET, row.record.leaf_index, named)
