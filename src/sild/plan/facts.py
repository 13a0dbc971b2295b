"""A commitment as JSON for machines: `sild plan show --json` and the API give the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sild.plan import sentences

if TYPE_CHECKING:
    from sild.exchange.models import Record
    from sild.people.actor import Actor
    from sild.plan.models import Assessment
    from sild.plan.standing import View


def facts(actor: Actor, shown: View) -> dict[str, Any]:
    """Status, why, rules, and of evidence and assessments what counts now and the actor may see."""
    readable = shown.readable_by(actor)
    return {
        "slug": shown.commitment.slug,
        "title": str(shown.commitment),
        "status": shown.status.value,
        "why": sentences.why(shown),
        "owners": list(shown.data.owners),
        "due": shown.data.due.isoformat(),
        "due_set_by": shown.data.due_set_by,
        "url": shown.commitment.get_absolute_url(),
        "rules": [
            {"rule": part.key, "needed": part.needed, "reported": part.reported, "assessed": part.assessed}
            for part in shown.standing.rules
        ],
        "evidence": [_evidence(record) for record in shown.records.values() if record.pk in readable],
        "assessments": [_assessment(one) for one in shown.standing_assessments],
    }


def _evidence(record: Record) -> dict[str, str]:
    """A record that counts."""
    return {
        "kind": record.kind,
        "record": str(record.pk),
        "hash": record.hash,
        "issuer": record.issuer,
        "issued": record.issued.isoformat(),
        "url": record.get_absolute_url(),
    }


def _assessment(one: Assessment) -> dict[str, str]:
    """A verdict that stands."""
    return {
        "party": one.party,
        "issuer": one.record.issuer,
        "verdict": one.verdict,
        "reason": one.reason,
        "issued": one.record.issued.isoformat(),
        "record": str(one.record_id),
        "url": one.record.get_absolute_url(),
    }
