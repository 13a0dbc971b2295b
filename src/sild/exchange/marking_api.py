"""REST for machines: who would see what, who sees it, changing that, passing on, and what is not acknowledged."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field

from sild.exchange import forwarding, receipts, services, sight
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Right
from sild.people.middleware import ActingRequest

router = Router()

AudienceIn = list[str] | Literal["partners", "public"]


class Marked(Schema):
    """A marking and an audience."""

    tlp: str
    audience: AudienceIn


class DraftIn(Marked):
    """A draft, as far as it is known; what it names anywhere in it is held to the gate."""

    subject: str = ""
    body: dict[str, Any] = {}
    answers: UUID | None = None
    replaces: UUID | None = None


class Audience(Schema):
    """Whom something is for."""

    audience: AudienceIn


class SightOut(Schema):
    """Whether a partner sees it, or would, and why."""

    node: str
    sees: bool
    reason: str
    stage: str = Field(description="draft, none, waiting, imported, acknowledged, ending or ended.")


class PreviewOut(Schema):
    """What publishing a draft would do; with a refusal it would not be published at all."""

    refusal: str
    code: str
    names: list[UUID] = Field(description="Records here that the draft names.")
    partners: list[SightOut]


class Reference(Schema):
    """A record, by id and hash."""

    id: UUID
    hash: str


class OutstandingOut(Schema):
    """A partner that has not acknowledged a record."""

    record: UUID
    node: str
    kind: str
    withdraws: UUID | None
    issued: datetime
    fetched: bool


@router.post("/records/preview", response=PreviewOut)
def preview(request: ActingRequest, draft: DraftIn) -> dict[str, Any]:
    """What would they see? The gate's decision for each partner, before anything is published."""
    request.actor.require(Right.VIEW)
    shown = sight.of_draft(
        services.Draft(
            kind="",
            subject=draft.subject,
            body=draft.body,
            tlp=draft.tlp,
            audience=draft.audience,
            answers=named(request.actor, draft.answers),
            replaces=named(request.actor, draft.replaces),
        )
    )
    names = [one.id for one in shown.named]
    return {"refusal": shown.refusal, "code": shown.code, "names": names, "partners": rows_of(shown.rows)}


@router.get("/records/{uuid:record_id}/sight", response=list[SightOut])
def sights(request: ActingRequest, record_id: UUID) -> list[dict[str, Any]]:
    """What each partner sees of a published record."""
    request.actor.require(Right.VIEW)
    return rows_of(sight.of_record(services.get(request.actor, str(record_id))))


@router.post("/records/{uuid:record_id}/mark", response={201: Reference})
def mark(request: ActingRequest, record_id: UUID, marked: Marked) -> Status[Record]:
    """Publish a record anew under another marking or for others; whoever loses it gets a withdrawal."""
    record = services.get(request.actor, str(record_id))
    return Status(201, services.mark(request.actor, record, marked.tlp, marked.audience))


@router.post("/records/{uuid:record_id}/pass-on", response={201: Reference})
def pass_on(request: ActingRequest, record_id: UUID, to: Audience) -> Status[Record]:
    """Pass a partner's record on with its issuer's own proof."""
    record = services.get(request.actor, str(record_id))
    return Status(201, forwarding.redistribute(request.actor, record, to.audience))


@router.get("/outstanding", response=list[OutstandingOut])
def outstanding(request: ActingRequest, *, everything: bool = False) -> list[dict[str, Any]]:
    """Withdrawals, or everything that was sent, that partners have not acknowledged yet; oldest first."""
    request.actor.require(Right.VIEW)
    return [one.plain for one in receipts.all_outstanding(request.actor, withdrawals=not everything)]


def named(actor: Actor, record_id: UUID | None) -> Record | None:
    """The record that a draft names, if it names one."""
    return None if record_id is None else services.get(actor, str(record_id))


def rows_of(rows: list[sight.Sight]) -> list[dict[str, Any]]:
    """Rows as JSON."""
    return [{"node": row.partner.node, "sees": row.sees, "reason": row.reason, "stage": row.stage} for row in rows]
