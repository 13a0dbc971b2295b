"""REST for machines: records and partners of this node."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from sild.exchange import evidence, gate, lag, partners, services
from sild.exchange.errors import ExchangeError
from sild.exchange.models import Partner, Record
from sild.people.actor import Actor
from sild.people.enums import Right
from sild.people.middleware import ActingRequest

router = Router()

AudienceIn = list[str] | Literal["partners", "public"]


class RecordOut(Schema):
    """A record's place in the world; its content is asked for one by one."""

    id: UUID
    hash: str
    kind: str
    version: int
    issuer: str
    subject: str
    issued: datetime
    tlp: str
    audience: AudienceIn
    leaf_index: int
    withdrawn: bool
    urgent: bool
    received: datetime | None
    answers_id: UUID | None
    replaces_id: UUID | None
    withdraws_id: UUID | None


class RecordPage(Schema):
    """Records, newest first; `next` is the cursor of the page after this one."""

    items: list[RecordOut]
    next: str | None


class RecordFull(RecordOut):
    """A record with its header and body as they were signed."""

    header: dict[str, Any]
    body: dict[str, Any]


class RecordFilter(Schema):
    """Which records to list."""

    kind: str | None = None
    issuer: str | None = None
    subject: str | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class Marked(Schema):
    """A marking and an audience."""

    tlp: str
    audience: AudienceIn


class RecordIn(Marked):
    """A record to publish."""

    kind: str
    subject: str
    body: dict[str, Any]
    answers: UUID | None = None
    replaces: UUID | None = None
    urgent: bool = Field(default=False, description="It overtakes whatever waits; counted per agency and day.")


class Withdrawal(Schema):
    """Why a record is withdrawn."""

    reason: str


class DecisionOut(Schema):
    """Whether a partner would see it, and why."""

    node: str
    allowed: bool
    reason: str


class PartnerOut(Schema):
    """A partner and how delivery stands; counts are records."""

    node: str
    name: str
    state: str
    fingerprint: str
    url: str
    position: int = Field(description="How far we have read the ordinary records that they number for us.")
    urgent_position: int = Field(description="How far we have read the urgent ones.")
    their_size: int = Field(description="Leaves of their log that we verified.")
    sent: int = Field(description="Records numbered for them.")
    delivered: int = Field(description="How many of those they have imported.")
    last_contact: datetime | None
    last_group: str
    last_error: str
    failures: int = Field(description="Rounds in a row that failed.")
    next_try: datetime | None
    urgent_waiting: int = Field(description="How many of those that wait are urgent.")
    waiting: int = Field(description="Records for them that they have not imported yet.")
    oldest_waiting: datetime | None = Field(description="When the oldest of those was issued.")


@router.get("/records", response=RecordPage)
def list_records(request: ActingRequest, wanted: Query[RecordFilter]) -> dict[str, Any]:
    """List records that the token's agency may see, newest first."""
    request.actor.require(Right.VIEW)
    queryset = Record.objects.visible_to(request.actor).order_by("-issued", "-id")
    for name in ("kind", "issuer", "subject"):
        value = getattr(wanted, name)
        if value is not None:
            queryset = queryset.filter(**{name: value})
    if wanted.cursor:
        issued, last = _read_cursor(wanted.cursor)
        queryset = queryset.filter(Q(issued__lt=issued) | Q(issued=issued, id__lt=last))
    rows = list(queryset[: wanted.limit + 1])
    items = rows[: wanted.limit]
    return {"items": items, "next": _cursor(items[-1]) if len(rows) > wanted.limit else None}


@router.post("/records", response={201: RecordFull})
def publish(request: ActingRequest, draft: RecordIn) -> Status[Record]:
    """Publish a record."""
    request.actor.require(Right.PUBLISH)
    record = services.publish(
        request.actor,
        kind=draft.kind,
        subject=draft.subject,
        body=draft.body,
        tlp=draft.tlp,
        audience=draft.audience,
        answers=_named(request.actor, draft.answers),
        replaces=_named(request.actor, draft.replaces),
        urgent=draft.urgent,
    )
    return Status(201, record)


@router.post("/records/preview", response=list[DecisionOut])
def preview(request: ActingRequest, marked: Marked) -> list[dict[str, Any]]:
    """What would they see? The gate's decision for each partner, before anything is published."""
    request.actor.require(Right.VIEW)
    gate.check_marking(marked.tlp, marked.audience)
    return [
        {"node": partner.node, "allowed": decision.allowed, "reason": decision.reason}
        for partner, decision in services.preview(marked.tlp, marked.audience)
    ]


@router.get("/records/{uuid:record_id}", response=RecordFull)
def get_record(request: ActingRequest, record_id: UUID) -> Record:
    """One record with its header and body as they were signed."""
    request.actor.require(Right.VIEW)
    return services.get(request.actor, str(record_id))


@router.get("/records/{uuid:record_id}/file")
def get_file(request: ActingRequest, record_id: UUID) -> HttpResponse:
    """The record with its proof as one file: `sild record verify FILE` needs neither node nor network."""
    request.actor.require(Right.VIEW)
    record = services.get(request.actor, str(record_id))
    return HttpResponse(evidence.record_file(record), content_type="application/json")


@router.post("/records/{uuid:record_id}/withdraw", response={201: RecordFull})
def withdraw(request: ActingRequest, record_id: UUID, withdrawal: Withdrawal) -> Status[Record]:
    """Withdraw one of this node's records; the answer is the record that says so."""
    record = services.get(request.actor, str(record_id))
    return Status(201, services.withdraw(request.actor, record, withdrawal.reason))


@router.get("/partners", response=list[PartnerOut])
def list_partners(request: ActingRequest) -> list[dict[str, Any]]:
    """List partners, how far each is trusted and how delivery stands."""
    request.actor.require(Right.VIEW)
    return [_state(partner) for partner in Partner.objects.all()]


@router.get("/partners/{node}", response=PartnerOut)
def get_partner(request: ActingRequest, node: str) -> dict[str, Any]:
    """How it stands with one partner."""
    request.actor.require(Right.VIEW)
    return _state(partners.get(node))


def _named(actor: Actor, record_id: UUID | None) -> Record | None:
    """The record that a draft names, if it names one."""
    return None if record_id is None else services.get(actor, str(record_id))


def _state(partner: Partner) -> dict[str, Any]:
    """A partner with the number of records for it."""
    behind = lag.of(partner)
    counted = {
        "sent": behind.sent,
        "delivered": behind.delivered,
        "waiting": behind.waiting,
        "urgent_waiting": behind.urgent,
        "oldest_waiting": behind.oldest,
    }
    return {**{name: getattr(partner, name) for name in set(PartnerOut.model_fields) - set(counted)}, **counted}


def _cursor(record: Record) -> str:
    """The place after a record, in a form that callers need not understand."""
    return urlsafe_b64encode(f"{record.issued.isoformat()} {record.pk}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The place that a cursor names.

    Raises:
        ExchangeError: it is not one that this node gave.
    """
    try:
        issued, _space, last = urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return datetime.fromisoformat(issued), UUID(last)
    except ValueError as error:
        raise ExchangeError(
            _("“%(cursor)s” is no cursor that this node gave. Start again without one.") % {"cursor": cursor},
            code="cursor",
        ) from error
