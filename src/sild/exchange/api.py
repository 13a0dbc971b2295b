"""REST for machines: records and partners of this node."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from sild.exchange import evidence, lag, marking_api, partners, services
from sild.exchange.errors import ExchangeError
from sild.exchange.marking_api import AudienceIn, Marked, named
from sild.exchange.models import Partner, Record
from sild.people.enums import Right
from sild.people.middleware import ActingRequest

router = Router()


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

    @staticmethod
    def resolve_subject(record: Record) -> str:
        """The subject; empty when a partner took the record back."""
        return record.subject if record.is_shown else ""


class RecordPage(Schema):
    """Records, newest first; `next` is the cursor of the page after this one."""

    items: list[RecordOut]
    next: str | None


class RecordFull(RecordOut):
    """A record with its header and body as they were signed; both are empty when a partner took it back."""

    header: dict[str, Any]
    body: dict[str, Any]

    @staticmethod
    def resolve_header(record: Record) -> dict[str, Any]:
        """The header, unless it is shown no more."""
        return record.header if record.is_shown else {}

    @staticmethod
    def resolve_body(record: Record) -> dict[str, Any]:
        """The body, unless it is shown no more."""
        return record.body if record.is_shown else {}


class RecordFilter(Schema):
    """Which records to list."""

    kind: str | None = None
    issuer: str | None = None
    subject: str | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


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
        answers=named(request.actor, draft.answers),
        replaces=named(request.actor, draft.replaces),
        urgent=draft.urgent,
    )
    return Status(201, record)


@router.get("/records/{uuid:record_id}", response=RecordFull)
def get_record(request: ActingRequest, record_id: UUID) -> Record:
    """One record with its header and body as they were signed."""
    request.actor.require(Right.VIEW)
    return services.get(request.actor, str(record_id))


@router.get("/records/{uuid:record_id}/file")
def get_file(request: ActingRequest, record_id: UUID) -> HttpResponse:
    """The record with its proof as one file: `sild record verify FILE` needs neither node nor network."""
    request.actor.require(Right.VIEW)
    record = services.require_shown(services.get(request.actor, str(record_id)))
    return HttpResponse(evidence.record_file(record), content_type="application/json")


@router.post("/records/{uuid:record_id}/withdraw", response={201: RecordFull})
def withdraw(request: ActingRequest, record_id: UUID, withdrawal: Withdrawal) -> Status[Record]:
    """Withdraw one of this node's records; the answer is the record that says so."""
    record = services.get(request.actor, str(record_id))
    return Status(201, services.withdraw(request.actor, record, withdrawal.reason))


router.add_router("", marking_api.router)


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
