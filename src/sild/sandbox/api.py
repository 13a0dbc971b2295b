"""REST for machines: solutions, suites, runs and their reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Router, Schema, Status
from ninja.pagination import paginate

from sild.people.enums import Right
from sild.people.middleware import ActingRequest
from sild.sandbox import finding, services, tasks
from sild.sandbox.agreed_api import router as agreed_router
from sild.sandbox.evidence_api import evidence_router
from sild.sandbox.models import Run, Solution, Suite

router = Router()
router.add_router("", agreed_router)
router.add_router("", evidence_router)


class SolutionOut(Schema):
    """A solution."""

    id: UUID
    name: str
    version: str
    digest: str
    origin: str
    record_id: UUID | None
    description: dict[str, Any]


class SuiteOut(Schema):
    """A suite."""

    id: UUID
    name: str
    version: str
    digest: str
    samples: int
    description: dict[str, Any]


class RunOut(Schema):
    """A run; `report` is there once it is finished."""

    id: UUID
    solution_id: UUID
    suite_id: UUID
    attempt: int
    level: str
    state: str
    done: int
    total: int
    error: str
    record_id: UUID | None
    created: datetime
    ended: datetime | None


class RunDetail(RunOut):
    """A run with its report."""

    report: dict[str, Any] | None


class RunIn(Schema):
    """What to run, each by id, name, name@version or digest.

    `let_out`: whether it may reach the places that it asks for; `level`: of isolation, empty for the lowest that fits.
    """

    solution: str
    suite: str
    let_out: bool = False
    level: str = ""


@router.get("/solutions", response=list[SolutionOut])
@paginate
def solutions(request: ActingRequest) -> Any:
    """Solutions that the agency registered or partners sent."""
    request.actor.require(Right.VIEW)
    return Solution.objects.visible_to(request.actor)


@router.get("/suites", response=list[SuiteOut])
@paginate
def suites(request: ActingRequest) -> Any:
    """Suites that the agency added."""
    request.actor.require(Right.VIEW)
    return Suite.objects.visible_to(request.actor)


@router.get("/runs", response=list[RunOut])
@paginate
def runs(request: ActingRequest) -> Any:
    """Runs of the agency, newest first."""
    request.actor.require(Right.VIEW)
    return request.actor.visible(Run.objects.all())


@router.get("/runs/{run_id}", response=RunDetail)
def run(request: ActingRequest, run_id: UUID) -> Run:
    """One run with its report."""
    return finding.run(request.actor, str(run_id))


@router.post("/runs", response={201: RunOut})
def start(request: ActingRequest, wanted: RunIn) -> Status[Run]:
    """Start a run in the background."""
    actor = request.actor
    solution, suite = finding.solution(actor, wanted.solution), finding.suite(actor, wanted.suite)
    started = tasks.start(actor, solution, suite, let_out=wanted.let_out, level=wanted.level)
    return Status(201, started)


@router.post("/runs/{run_id}/cancel", response=RunOut)
def cancel(request: ActingRequest, run_id: UUID) -> Run:
    """Cancel a run; what is finished is kept."""
    return services.cancel_run(request.actor, finding.run(request.actor, str(run_id)))


@router.post("/runs/{run_id}/resume", response=RunOut)
def resume(request: ActingRequest, run_id: UUID) -> Run:
    """Let a stopped run go on."""
    return tasks.resume(request.actor, finding.run(request.actor, str(run_id)))
