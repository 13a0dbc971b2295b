"""REST for evidence: reports in other forms, re-runs, watches."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from ninja import Router, Schema, Status
from ninja.pagination import paginate

from sild.exchange import services as exchange
from sild.people.enums import Right
from sild.people.middleware import ActingRequest
from sild.sandbox import finding, outgoing, rerun, rerun_execution, results, watching
from sild.sandbox.evidence_models import Rerun, Watch

evidence_router = Router()


class RerunOut(Schema):
    """A re-run."""

    id: UUID
    side: str
    partner: str
    report_id: UUID
    samples: int
    state: str
    differences: list[dict[str, Any]]
    error: str
    created: datetime


class RerunIn(Schema):
    """Which partner's report, and how many samples are drawn from it."""

    report: UUID
    samples: int = rerun.SAMPLES


class VerdictIn(Schema):
    """A person's word."""

    verdict: Literal["countersigned", "disputed"]
    comment: str = ""


class WatchOut(Schema):
    """A watch."""

    id: UUID
    baseline_id: UUID
    every_hours: int
    bound: float
    due: datetime
    ended: datetime | None
    tested: datetime | None
    state: str
    findings: dict[str, Any]
    record_id: UUID | None


class WatchIn(Schema):
    """Which finished run is the baseline, how often, how much, and who is told."""

    run: UUID
    every_hours: int = 24
    bound: float = 0.05
    tlp: str = "GREEN"
    audience: str | list[str] = "partners"


@evidence_router.get("/runs/{run_id}/statement", response=dict[str, Any])
def statement(request: ActingRequest, run_id: UUID) -> dict[str, Any]:
    """The report as an in-toto Statement, version 1."""
    return outgoing.statement(finding.run(request.actor, str(run_id)))


@evidence_router.get("/runs/{run_id}/ai-act", response=dict[str, Any])
def act(request: ActingRequest, run_id: UUID) -> dict[str, Any]:
    """Which points of the EU AI Act's Annex IV and Article 57(7) the report covers."""
    return outgoing.act_mapping(finding.run(request.actor, str(run_id)))


@evidence_router.get("/runs/{run_id}/report.pdf")
def pdf(request: ActingRequest, run_id: UUID, language: Literal["en", "et", "uk"] = "en") -> HttpResponse:
    """The report as a PDF file."""
    data = outgoing.pdf(finding.run(request.actor, str(run_id)), language)
    return HttpResponse(data, content_type="application/pdf")


@evidence_router.get("/runs/{run_id}/evidence")
def evidence(request: ActingRequest, run_id: UUID) -> StreamingHttpResponse:
    """The report with the results of all samples, as JSON lines."""
    lines = results.evidence(finding.run(request.actor, str(run_id)))
    return StreamingHttpResponse(lines, content_type="application/jsonl")


@evidence_router.get("/reruns", response=list[RerunOut])
@paginate
def reruns(request: ActingRequest) -> Any:
    """Re-runs, newest first."""
    request.actor.require(Right.VIEW)
    return request.actor.visible(Rerun.objects.all())


@evidence_router.post("/reruns", response={201: RerunOut})
def request_rerun(request: ActingRequest, wanted: RerunIn) -> Status[Rerun]:
    """Ask a partner for a draw of its report's samples."""
    report = exchange.get(request.actor, str(wanted.report))
    return Status(201, rerun.request(request.actor, report, wanted.samples))


@evidence_router.post("/reruns/{rerun_id}/answer", response=RerunOut)
def answer(request: ActingRequest, rerun_id: UUID) -> Rerun:
    """Answer a partner's request, which fixes the draw."""
    return rerun.answer(request.actor, rerun.find(request.actor, str(rerun_id)))


@evidence_router.post("/reruns/{rerun_id}/execute", response=RerunOut)
def execute(request: ActingRequest, rerun_id: UUID) -> Rerun:
    """Leave the drawn samples to a worker, which tells the outcome."""
    return rerun_execution.start(request.actor, rerun.find(request.actor, str(rerun_id)))


@evidence_router.post("/reruns/{rerun_id}/show", response=RerunOut)
def show(request: ActingRequest, rerun_id: UUID) -> Rerun:
    """Show the original results of the drawn samples."""
    return rerun.show(request.actor, rerun.find(request.actor, str(rerun_id)))


@evidence_router.post("/reruns/{rerun_id}/verdict", response=RerunOut)
def judge(request: ActingRequest, rerun_id: UUID, word: VerdictIn) -> Rerun:
    """Countersign or dispute."""
    found = rerun.find(request.actor, str(rerun_id))
    return rerun.judge(request.actor, found, countersign=word.verdict == "countersigned", comment=word.comment)


@evidence_router.get("/watches", response=list[WatchOut])
@paginate
def watches(request: ActingRequest) -> Any:
    """Watches, newest first."""
    request.actor.require(Right.VIEW)
    return request.actor.visible(Watch.objects.all())


@evidence_router.post("/watches", response={201: WatchOut})
def start_watch(request: ActingRequest, wanted: WatchIn) -> Status[Watch]:
    """Watch the solution of a finished run."""
    made = watching.start(
        request.actor,
        finding.run(request.actor, str(wanted.run)),
        every_hours=wanted.every_hours,
        bound=wanted.bound,
        tlp=wanted.tlp,
        audience=wanted.audience,
    )
    return Status(201, made)


@evidence_router.post("/watches/{watch_id}/end", response=WatchOut)
def end_watch(request: ActingRequest, watch_id: UUID) -> Watch:
    """Watch no longer."""
    return watching.end(request.actor, watching.find(request.actor, str(watch_id)))
