"""The threat desk for machines: search, ask, write, import, share, answer, and the feeds that others follow."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile

from sild.people.actor import Actor
from sild.people.enums import Right
from sild.threats import answering, asking, exporting, feeding, finding, importing, reading, sharing, standing, writing
from sild.threats.engine import build
from sild.threats.engine.pasted import classify
from sild.threats.reading import Found
from sild.threats.search import Query as Search
from sild.threats.shapes import (
    BatchOut,
    CeilingIn,
    ExportIn,
    FeedbackIn,
    FeedIn,
    IdOut,
    IndicatorIn,
    PageOut,
    PreviewOut,
    RecordOut,
    SearchIn,
    SeenIn,
    SeenOut,
    ShareIn,
    SightingIn,
    WholeOut,
)

router = Router()


def _answers(*kinds: str) -> dict[str, Any]:
    """For the description of an operation: with which media types it answers."""
    shapes = {kind: {"schema": {"type": "object" if kind.endswith(_JSON) else "string"}} for kind in kinds}
    return {"responses": {200: {"description": "OK", "content": shapes}}}


_JSON = ("json", "json;version=2.1")
_STIX = "application/stix+json;version=2.1"


@router.get("/objects", response=PageOut)
def list_objects(request: HttpRequest, given: Query[SearchIn]) -> dict[str, Any]:
    """Find objects, newest first; an actor is looked for under all of its names."""
    actor = _viewer(request)
    query = Search(
        types=[given.type] if given.type else (),
        text=given.text,
        value=classify(given.value).value if given.value else "",
        technique=given.technique.upper(),
        threat_actor=given.actor,
        added_from=given.added_from,
        added_until=given.added_until,
        before=given.before,
        limit=given.limit,
    )
    found = finding.find(actor, query)
    return {"objects": [_out(item) for item in found.items], "next": found.next}


@router.get("/objects/{stix_id}", response=WholeOut)
def get_object(request: HttpRequest, stix_id: str) -> dict[str, Any]:
    """One object, what it is still worth, and who said it."""
    actor = _viewer(request)
    found = reading.get(actor, stix_id)
    worth = standing.worth(found, reading.sightings(actor, stix_id))
    said = [
        {
            "who": one.who,
            "at": one.at,
            "record": str(one.record.pk) if one.record else None,
            "verified": one.verdict.ok if one.record else None,
            "standing": one.is_standing,
        }
        for one in standing.said(actor, stix_id)
    ]
    known = {"score": worth.score if worth else None, "sightings": worth.seen if worth else 0}
    return {**_out(found), **known, "said": said}


@router.post("/seen", response=list[SeenOut])
def ask(request: HttpRequest, given: SeenIn) -> list[dict[str, Any]]:
    """Say for each indicator of a list whether we or a partner have seen it; the list is not kept."""
    return [
        {
            "given": answer.asked.given,
            "kind": answer.asked.kind,
            "value": answer.asked.value,
            "seen": answer.is_known,
            "ours": answer.is_ours,
            "nodes": list(answer.nodes),
            "objects": [found.stix_id for found in answer.objects],
        }
        for answer in asking.ask(_viewer(request), given.text)
    ]


@router.post("/indicators", response={201: IdOut})
def write_indicator(request: HttpRequest, given: IndicatorIn) -> Status[Any]:
    """Write an indicator; it stays here until it is shared."""
    stix_id = writing.write_indicator(_actor(request), given.value, given.context, name=given.name)
    return Status(201, {"id": stix_id})


@router.post("/import", response={201: BatchOut})
def import_file(request: HttpRequest, file: File[UploadedFile], tlp: str = "AMBER") -> Status[Any]:
    """Take in a file: STIX 2.1, a MISP event, or CSV with usual headings."""
    data = file.read(importing.MOST_BYTES + 1)
    batch = importing.import_file(_actor(request), file.name or "file", data, level=tlp)
    facts = {"id": str(batch.pk), "objects": batch.success_count}
    return Status(201, {**facts, "failures": batch.failures, "warnings": batch.warnings})


@router.post("/share/preview", response=PreviewOut)
def preview(request: HttpRequest, given: ShareIn) -> dict[str, Any]:
    """Say what each partner would see, before anything is published."""
    planned = sharing.plan(_viewer(request), given.ids, given.audience)
    partners = {partner.node: partner for parcel in planned.parcels for partner, _decision in parcel.decisions}
    return {
        "partners": {node: [found.stix_id for found in planned.seen_by(one)] for node, one in partners.items()},
        "kept": {found.stix_id: reason for found, reason in planned.kept},
        "refused": {parcel.level.tlp: parcel.refusal for parcel in planned.parcels if parcel.refusal},
    }


@router.post("/share", response={201: list[RecordOut]})
def share(request: HttpRequest, given: ShareIn) -> Status[Any]:
    """Publish objects with what they state, one record for each marking."""
    records = sharing.share(_actor(request), given.ids, given.audience, given.subject)
    return Status(201, _records(records))


@router.post("/objects/{stix_id}/sightings", response={201: list[RecordOut]})
def report_sighting(request: HttpRequest, stix_id: str, given: SightingIn) -> Status[Any]:
    """Note that it was seen, and tell those who shared it."""
    return Status(201, _records(answering.report_sighting(_actor(request), stix_id, **given.model_dump())))


@router.post("/objects/{stix_id}/feedback", response={201: list[RecordOut]})
def give_feedback(request: HttpRequest, stix_id: str, given: FeedbackIn) -> Status[Any]:
    """Say what one thinks of it, and tell those who shared it."""
    return Status(201, _records(answering.give_feedback(_actor(request), stix_id, **given.model_dump())))


@router.post("/objects/{stix_id}/revoke", response={201: list[RecordOut]})
def revoke(request: HttpRequest, stix_id: str) -> Status[Any]:
    """Revoke an object of one's own, here and at everybody it was shared with."""
    return Status(201, _records(sharing.revoke(_actor(request), stix_id)))


@router.get("/feed/stix", response=None, openapi_extra=_answers(_STIX))
def stix_feed(request: HttpRequest, given: Query[FeedIn]) -> HttpResponse:
    """Objects after a position, oldest first, as a bundle; the header X-Sild-Next is the `after` of the next page."""
    objects, last, more = feeding.page(_actor(request), given.after, ceiling=given.level, limit=given.limit)
    answer = HttpResponse(feeding.bundle(objects), content_type=_STIX)
    answer["X-Sild-Next"], answer["X-Sild-More"] = str(last), "true" if more else "false"
    return answer


@router.get("/feed/misp/{name}", response=None, openapi_extra=_answers("application/json", "text/csv"))
def misp_feed(request: HttpRequest, name: str, given: Query[CeilingIn]) -> HttpResponse:
    """A file of the feed that MISP follows: manifest.json, hashes.csv and one file for each event."""
    kind = "text/csv" if name.endswith(".csv") else "application/json"
    return HttpResponse(feeding.misp_file(_actor(request), name, given.level), content_type=kind)


@router.get("/export", response=None, openapi_extra=_answers("application/json", "text/csv; charset=utf-8"))
def export(request: HttpRequest, given: Query[ExportIn]) -> HttpResponse:
    """What is here as a STIX bundle, a MISP event or CSV."""
    actor, query = _actor(request), Search(types=[given.type] if given.type else (), text=given.text)
    if given.form == "csv":
        return HttpResponse(exporting.csv_text(actor, query, given.level), content_type="text/csv; charset=utf-8")
    made = (exporting.stix_bundle if given.form == "stix" else exporting.misp_event)(actor, query, given.level)
    return HttpResponse(build.dumps(made), content_type="application/json")


def _actor(request: HttpRequest) -> Actor:
    """Who acts; the node's middleware found out."""
    actor: Actor = request.actor  # type: ignore[attr-defined]  # added by the middleware
    return actor


def _viewer(request: HttpRequest) -> Actor:
    """Who acts, with the right to see."""
    actor = _actor(request)
    actor.require(Right.VIEW)
    return actor


def _out(found: Found) -> dict[str, Any]:
    return {
        "id": found.stix_id,
        "type": found.kind,
        "name": found.name,
        "tlp": found.level.tlp,
        "revoked": found.is_revoked,
        "added": found.added,
        "object": found.content,
    }


def _records(records: list[Any]) -> list[dict[str, str]]:
    return [{**record.reference, "tlp": record.tlp} for record in records]
