"""Records become evidence and verdicts by themselves, in the transaction that adds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sild.exchange.enums import Tlp
from sild.exchange.models import Record
from sild.plan.engine.matching import matches
from sild.plan.models import Assessment, Evidence, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sild.plan.models import Commitment

ASSESSMENT = "plan.assessment"


def take(record: Record, plans: Iterable[Plan]) -> None:
    """Link a record that was just added to every rule that it matches, and keep the verdict that it may carry."""
    for plan in plans:
        party = plan.party_of(record.issuer)
        if party is None:
            continue
        if record.kind in plan.kinds:
            link(record, party, plan.commitments.prefetch_related("milestones"))
        if record.kind == ASSESSMENT:
            _keep_verdict(plan, party, record)


def backfill(plan: Plan) -> None:
    """Link what came before the plan was loaded; unlink what its rules no longer ask for."""
    commitments = list(plan.commitments.prefetch_related("milestones"))
    nodes = [party["node"] for party in plan.parties.values()]
    kept: set[int] = set()
    for record in Record.objects.filter(issuer__in=nodes, kind__in=plan.kinds).order_by("issued").iterator():
        kept.update(link(record, plan.party_of(record.issuer) or "", commitments))
    Evidence.objects.filter(commitment__in=commitments).exclude(pk__in=kept).delete()
    Assessment.objects.filter(commitment__in=commitments).exclude(record__issuer__in=nodes).delete()
    for record in Record.objects.filter(issuer__in=nodes, kind=ASSESSMENT).order_by("issued"):
        _keep_verdict(plan, plan.party_of(record.issuer) or "", record)


def link(record: Record, party: str, commitments: Iterable[Commitment]) -> list[int]:
    """Link a record to each rule and milestone that it matches; ids of the links, new or known.

    What is marked TLP:RED is seen by nobody else and was issued before the signature promised nothing, so neither is
    evidence between parties.
    """
    if record.tlp == Tlp.RED:
        return []
    body = record.body
    links = []
    for commitment in commitments:
        if commitment.plan.signed and record.issued.date() < commitment.plan.signed:
            continue
        for key, condition in commitment.as_data().conditions().items():
            if matches(condition, kind=record.kind, body=body, party=party):
                row, _new = Evidence.objects.update_or_create(
                    commitment=commitment, rule=key, record=record, defaults={"party": party}
                )
                links.append(row.pk)
    return links


def _keep_verdict(plan: Plan, party: str, record: Record) -> None:
    """Keep a party's verdict if it is about this plan."""
    body = record.body
    commitment = plan.commitments.filter(slug=body["commitment"]).first() if body["plan"] == plan.slug else None
    if commitment is None:
        return
    Assessment.objects.update_or_create(
        commitment=commitment,
        record=record,
        defaults={
            "party": party,
            "verdict": body["verdict"],
            "reason": body["reason"],
            "evidence": [[named["id"], named["hash"]] for named in body["evidence"]],
        },
    )
