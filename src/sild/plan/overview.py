"""A plan at a glance: counts by status, what is due next, and the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sild.plan import standing
from sild.plan.engine.status import Status
from sild.plan.enums import STATUS_COLOURS, STATUS_LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sild.plan.engine.status import Part
    from sild.plan.models import Milestone, Plan
    from sild.plan.standing import View

NEXT = 3
DONE = (Status.MET, Status.REPORTED)


@dataclass(frozen=True, slots=True)
class Entry:
    """A day of the timeline: a commitment is due, or a milestone.

    Attributes:
        due: the day.
        view: the commitment that it belongs to.
        milestone: None for the commitment itself.
        part: how far the milestone is.
    """

    due: date
    view: View
    milestone: Milestone | None = None
    part: Part | None = None


def glance(plan: Plan, shown: Sequence[View]) -> dict[str, Any]:
    """What a summary shows of a plan: `title`, `slug`, `total`, `met`, `counts` by status, `next` that are due."""
    counts = standing.counts(shown)
    waiting = [one for one in shown if one.status not in DONE]
    return {
        "title": str(plan),
        "slug": plan.slug,
        "total": len(shown),
        "met": counts[Status.MET],
        "counts": [
            {"status": status.value, "label": label, "colour": STATUS_COLOURS[status], "number": counts[status]}
            for status, label in STATUS_LABELS.items()
            if counts[status]
        ],
        "next": sorted(waiting, key=lambda one: one.data.due)[:NEXT],
    }


def timeline(shown: Sequence[View]) -> list[Entry]:
    """Every due date of a plan, commitments and milestones, in the order of time."""
    entries = [Entry(one.data.due, one) for one in shown]
    entries += [
        Entry(step.due, one, step, part)
        for one in shown
        for step, part in zip(one.commitment.milestones.all(), one.standing.milestones, strict=True)
    ]
    return sorted(entries, key=lambda entry: entry.due)
