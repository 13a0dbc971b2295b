"""REST for machines: registrations before runs, sealed suites and what partners ask of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Router, Schema, Status
from ninja.pagination import paginate

from sild.people.enums import Right
from sild.people.middleware import ActingRequest
from sild.sandbox import finding, registration, sealed, tasks
from sild.sandbox.agreements import Registration, Request
from sild.sandbox.models import Run

router = Router()


class RegistrationIn(Schema):
    """What will be run, each by id, name, name@version or digest, and who may know."""

    solution: str
    suite: str
    audience: str | list[str] = "partners"
    tlp: str = "GREEN"


class RegistrationOut(Schema):
    """A registration, with the record that proves when it was made."""

    id: UUID
    solution_id: UUID
    suite_id: UUID
    record_id: UUID
    record_hash: str
    created: datetime


class RequestOut(Schema):
    """A partner's request."""

    id: UUID
    offer_id: UUID
    solution_id: UUID
    run_id: UUID | None
    origin: str
    state: str
    record_id: UUID
    answer_id: UUID | None


@router.get("/registrations", response=list[RegistrationOut])
@paginate
def registrations(request: ActingRequest) -> Any:
    """Registrations of the agency, newest first."""
    request.actor.require(Right.VIEW)
    return request.actor.visible(Registration.objects.all())


@router.post("/registrations", response={201: RegistrationOut})
def preregister(request: ActingRequest, wanted: RegistrationIn) -> Status[Registration]:
    """Publish thresholds before a run."""
    actor = request.actor
    solution, suite = finding.solution(actor, wanted.solution), finding.suite(actor, wanted.suite)
    made = registration.preregister(actor, solution, suite, audience=wanted.audience, tlp=wanted.tlp)
    return Status(201, made)


@router.get("/sealed/requests", response=list[RequestOut])
@paginate
def requests(request: ActingRequest) -> Any:
    """What partners asked of the agency's sealed suites."""
    request.actor.require(Right.VIEW)
    return sealed.requests(request.actor)


@router.post("/sealed/requests/{request_id}/{step}", response=RequestOut)
def decide(request: ActingRequest, request_id: UUID, step: Literal["accept", "decline", "answer"]) -> Request:
    """Accept a request, whose run starts in the background; decline it; or send its answer."""
    asked = sealed.find(request.actor, str(request_id))
    if step == "accept":
        run: Run = sealed.accept(request.actor, asked)
        tasks.run.enqueue(str(run.pk))
    elif step == "decline":
        sealed.decline(request.actor, asked)
    else:
        sealed.answer(request.actor, asked)
    return asked
