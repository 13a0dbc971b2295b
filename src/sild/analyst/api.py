"""The analyst for machines: read a text, see what was found, share it, take the solution into use."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, File, Form, Router, Schema, Status, UploadedFile

from sild.analyst import deciding, services
from sild.analyst.extraction.parent import MAX_FILE
from sild.analyst.models import Reading
from sild.people.actor import Actor
from sild.people.enums import Right

router = Router()
Marking = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]


class TextIn(Schema):
    """A text to read."""

    name: str = Field(max_length=200)
    text: str
    tlp: Marking = "AMBER"
    ask: bool = False


class ShareIn(Schema):
    """For whom, and under which marking."""

    audience: str | list[str]
    tlp: str


class DecisionIn(Schema):
    """`accepted`, `rejected` or `open`, or what it should be; `words` stand in the text character for character."""

    verdict: str = ""
    kind: str = ""
    value: str = Field("", max_length=500)
    words: str = Field("", max_length=2000)


class ProposalOut(Schema):
    """One proposal as it was decided; offsets are in characters of the text."""

    key: str
    group: str
    kind: str
    value: str
    name: str
    start: int
    end: int
    score: float | None
    basis: str
    strong: bool
    scope: str
    verdict: str
    corrected: bool


class ActivateIn(ShareIn):
    """The report that the solution is taken into use on the strength of."""

    report: str


class ReadingOut(Schema):
    """A reading without its text."""

    id: str
    name: str
    at: str
    digest: str
    language: str
    indicators: int
    techniques: list[str]
    milliseconds: int
    record: str | None


class FoundOut(ReadingOut):
    """A reading with all that was found; offsets are in characters of the text that was sent."""

    findings: dict[str, Any]
    origin: dict[str, Any] = {}


class PublishedOut(Schema):
    """A record that was published."""

    id: str
    hash: str


@router.get("/readings", response=list[ReadingOut])
def list_readings(request: HttpRequest) -> list[dict[str, Any]]:
    """Readings of the agency, newest first, 100 at most."""
    actor = _actor(request)
    actor.require(Right.VIEW)
    return [_out(reading) for reading in actor.visible(Reading.objects.defer("text"))[:100]]


@router.post("/readings", response={201: FoundOut})
def create_reading(request: HttpRequest, given: TextIn) -> Status[Any]:
    """Read a text."""
    reading = services.read(_actor(request), given.name, given.text, given.tlp, ask=given.ask)
    return Status(201, {**_out(reading), "findings": reading.findings})


@router.post("/readings/file", response={201: FoundOut})
def create_reading_of_file(request: HttpRequest, file: File[UploadedFile], tlp: Form[Marking] = "AMBER") -> Status[Any]:
    """Read a file: PDF, DOCX, HTML, e-mail, Markdown or plain text, 20 MB at most."""
    data = file.read(MAX_FILE + 1)
    reading = services.read_file(_actor(request), file.name or "file", data, tlp)
    return Status(201, {**_out(reading), "findings": reading.findings, "origin": reading.origin})


@router.get("/readings/{reading_id}", response=FoundOut)
def get_reading(request: HttpRequest, reading_id: str) -> dict[str, Any]:
    """One reading."""
    actor = _actor(request)
    actor.require(Right.VIEW)
    reading = services.get(actor, reading_id)
    return {**_out(reading), "findings": reading.findings, "origin": reading.origin}


@router.get("/readings/{reading_id}/proposals", response=list[ProposalOut])
def list_proposals(request: HttpRequest, reading_id: str) -> list[Any]:
    """What was proposed for a text, and what was decided."""
    actor = _actor(request)
    actor.require(Right.VIEW)
    return list(deciding.items_of(services.get(actor, reading_id)))


@router.post("/readings/{reading_id}/proposals", response={201: ProposalOut})
def add_proposal(request: HttpRequest, reading_id: str, given: DecisionIn) -> Status[Any]:
    """Accept something that was not proposed."""
    return Status(201, deciding.add(_actor(request), reading_id, _said(given)))


@router.post("/readings/{reading_id}/proposals/{key}", response=ProposalOut)
def decide_proposal(request: HttpRequest, reading_id: str, key: str, given: DecisionIn) -> Any:
    """Accept, reject or reopen a proposal, or correct it when a kind is given."""
    if given.kind:
        return deciding.correct(_actor(request), reading_id, key, _said(given))
    return deciding.decide(_actor(request), reading_id, key, given.verdict)


@router.post("/readings/{reading_id}/publish", response={201: PublishedOut})
def publish_reading(request: HttpRequest, reading_id: str, given: ShareIn) -> Status[Any]:
    """Share what was accepted as a STIX 2.1 bundle."""
    return Status(201, services.publish(_actor(request), reading_id, given.audience, given.tlp).reference)


@router.post("/activations", response={201: dict[str, str]})
def create_activation(request: HttpRequest, given: ActivateIn) -> Status[Any]:
    """Take the solution into use on the strength of a report."""
    activation = services.activate(_actor(request), given.report, given.audience, given.tlp)
    return Status(201, {"record": str(activation.record_id), "solution": activation.solution})


@router.get("/card", response=dict[str, Any])
def get_card(request: HttpRequest) -> dict[str, Any]:
    """The model's card."""
    _actor(request).require(Right.VIEW)
    return services.model().card


def _actor(request: HttpRequest) -> Actor:
    """Who acts; the node's middleware found out."""
    actor: Actor = request.actor  # type: ignore[attr-defined]  # added by the middleware
    return actor


def _said(given: DecisionIn) -> deciding.Said:
    return deciding.Said(given.kind, given.value, given.words)


def _out(reading: Reading) -> dict[str, Any]:
    return {
        "id": str(reading.pk),
        "name": reading.name,
        "at": reading.at.isoformat(),
        "digest": reading.digest,
        "language": reading.language,
        "indicators": len(reading.findings["indicators"]),
        "techniques": reading.findings["techniques"],
        "milliseconds": reading.milliseconds,
        "record": str(reading.record_id) if reading.record_id else None,
    }
