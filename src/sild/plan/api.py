"""REST for machines: how the plans stand, claims and assessments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Router, Schema, Status

from sild.people.enums import Right
from sild.people.middleware import ActingRequest
from sild.plan import services, standing
from sild.plan.facts import facts
from sild.plan.models import Plan

router = Router()


class RuleOut(Schema):
    """How far a rule is: records needed, shown, and assessed as met by another party."""

    rule: str
    needed: int
    reported: int
    assessed: int


class EvidenceOut(Schema):
    """A record that counts."""

    kind: str
    record: UUID
    hash: str
    issuer: str
    issued: datetime
    url: str


class AssessmentOut(Schema):
    """A party's verdict that stands."""

    party: str
    issuer: str
    verdict: str
    reason: str
    issued: datetime
    record: UUID
    url: str


class CommitmentOut(Schema):
    """A commitment with its status and why."""

    slug: str
    title: str
    status: str
    why: str
    owners: list[str]
    due: date
    due_set_by: str
    url: str
    rules: list[RuleOut]
    evidence: list[EvidenceOut]
    assessments: list[AssessmentOut]


class PlanOut(Schema):
    """A plan and its commitments."""

    slug: str
    title: str
    signed: date | None
    parties: dict[str, str]
    commitments: list[CommitmentOut]


class ClaimIn(Schema):
    """Words about a commitment."""

    text: str


class ClaimOut(Schema):
    """A claim that was written down."""

    text: str
    who: str
    at: datetime


class AssessIn(Schema):
    """A verdict and who gets it."""

    verdict: Literal["met", "not-met"]
    reason: str
    audience: list[str]
    tlp: str = "AMBER"


class Published(Schema):
    """The record that carries a verdict."""

    id: UUID
    hash: str


@router.get("/plans", response=list[PlanOut])
def list_plans(request: ActingRequest) -> list[dict[str, Any]]:
    """List the plans of this node and where each commitment stands."""
    request.actor.require(Right.VIEW)
    return [
        {
            "slug": plan.slug,
            "title": str(plan),
            "signed": plan.signed,
            "parties": {code: plan.node_of(code) for code in plan.parties},
            "commitments": [facts(request.actor, one) for one in standing.of_plan(plan)],
        }
        for plan in Plan.objects.all()
    ]


@router.get("/plans/{slug:plan}/{slug:commitment}", response=CommitmentOut)
def get_commitment(request: ActingRequest, plan: str, commitment: str) -> dict[str, Any]:
    """Where one commitment stands and why."""
    return facts(request.actor, standing.view(services.commitment_named(request.actor, commitment, plan)))


@router.post("/plans/{slug:plan}/{slug:commitment}/claims", response={201: ClaimOut})
def claim(request: ActingRequest, plan: str, commitment: str, sent: ClaimIn) -> Status[Any]:
    """Write a claim down."""
    row = services.commitment_named(request.actor, commitment, plan)
    return Status(201, services.claim(request.actor, row, sent.text))


@router.post("/plans/{slug:plan}/{slug:commitment}/assessments", response={201: Published})
def assess(request: ActingRequest, plan: str, commitment: str, sent: AssessIn) -> Status[Any]:
    """Publish this node's verdict on what the other parties showed."""
    row = services.commitment_named(request.actor, commitment, plan)
    return Status(201, services.assess(request.actor, row, sent.verdict, sent.reason, sent.audience, tlp=sent.tlp))
