"""Pages to find things: search, one object, the ATT&CK matrix, actors, good practice, and a pasted list."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from sild.people.enums import Right
from sild.threats import answering, asking, coverage, finding, picture, reading, search, standing
from sild.threats.desk_errors import translated
from sild.threats.engine import aliases, attack, cacao
from sild.threats.engine.pasted import classify
from sild.threats.engine.sentences import DeskError
from sild.threats.forms import TYPES, FeedbackForm, SearchForm, SeenForm, SightingForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse

    from sild.people.actor import Actor
    from sild.people.middleware import ActingRequest
    from sild.threats.reading import Found

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """An object in a list, with what it is still worth."""

    found: Found
    content: dict[str, Any]
    worth: standing.Worth | None


@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Search over what the reader may see, newest first."""
    request.actor.require(Right.VIEW)
    form = SearchForm(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    before = request.GET.get("before", "")
    results = finding.find(request.actor, _query(wanted, int(before) if before.isdigit() else None))
    known = request.GET.copy()
    known.pop("before", None)
    context = {
        "form": form,
        "rows": _rows(request.actor, results.items),
        "next": results.next,
        "known": known.urlencode(),
        "actors": aliases.find(wanted["threat_actor"]) if wanted.get("threat_actor") else [],
        "may_edit": request.actor.may(Right.EDIT),
        "may_publish": request.actor.may(Right.PUBLISH),
    }
    return render(request, "threats/index.html", context)


@require_GET
def stix_object(request: ActingRequest, stix_id: str) -> HttpResponse:
    """One object: what it says, who signed it, what it is connected with, and what happened to it."""
    actor = request.actor
    actor.require(Right.VIEW)
    found = reading.get(actor, stix_id)
    sightings = reading.sightings(actor, stix_id)
    around = picture.neighbourhood(actor, found)
    playbook = picture.playbook_of(found)
    said = standing.said(actor, stix_id)
    context = {
        "found": found,
        "content": found.content,
        "worth": standing.worth(found, sightings),
        "said": said,
        "around": around,
        "timeline": picture.timeline(actor, found, sightings, said),
        "steps": cacao.steps(playbook) if playbook else [],
        "actors": aliases.find(found.name) if found.kind in {"intrusion-set", "threat-actor"} else [],
        "versions": reading.versions(actor, stix_id),
        "sighting_form": SightingForm(),
        "feedback_form": FeedbackForm(),
        "told": answering.to_whom(actor, stix_id),
        "json": json.dumps(found.content, indent=2, ensure_ascii=False, sort_keys=True),
        "may_edit": actor.may(Right.EDIT),
        "may_publish": actor.may(Right.PUBLISH),
    }
    return render(request, "threats/object.html", context)


@require_GET
def matrix(request: ActingRequest) -> HttpResponse:
    """Which ATT&CK techniques were seen, in numbers and colours."""
    request.actor.require(Right.VIEW)
    columns = coverage.matrix(request.actor)
    only = request.GET.get("seen") == "1"
    shown = [(column, [cell for cell in cells if cell.number or not only]) for column, cells in columns]
    different = {cell.technique.id for _column, cells in columns for cell in cells if cell.number}
    context = {
        "columns": shown,
        "only": only,
        "seen": len(different),
        "all": len({cell.technique.id for _column, cells in columns for cell in cells}),
        "version": attack.VERSION,
        "notice": attack.NOTICE,
    }
    return render(request, "threats/matrix.html", context)


@require_http_methods(["GET", "POST"])
def seen(request: ActingRequest) -> HttpResponse:
    """“Have we or our partner seen this?” for a pasted list; nothing of the list is kept."""
    request.actor.require(Right.VIEW)
    form = SeenForm(request.POST or None)
    answers: list[asking.Answer] = []
    if form.is_bound and form.is_valid():
        try:
            answers = asking.ask(request.actor, form.cleaned_data["text"])
        except DeskError as error:
            form.add_error("text", translated(error))
    context = {"form": form, "answers": answers, "known": sum(answer.is_known for answer in answers)}
    return render(request, "threats/seen.html", context, status=400 if form.errors else 200)


@require_GET
def actors(request: ActingRequest) -> HttpResponse:
    """Actors under all of their names."""
    request.actor.require(Right.VIEW)
    name = request.GET.get("name", "").strip()
    shown = aliases.find(name) if name else [actor for actor in aliases.actors() if _has_number(actor)]
    context = {"name": name, "actors": shown, "version": attack.VERSION, "notice": attack.NOTICE}
    return render(request, "threats/actors.html", context)


@require_GET
def practice(request: ActingRequest) -> HttpResponse:
    """Playbooks, rules and guidance with the feedback of those who used them."""
    request.actor.require(Right.VIEW)
    actions = search.search(request.actor, search.Query(types=("course-of-action",), limit=search.MOST_RESULTS))
    rules = search.search(request.actor, search.Query(types=("indicator",), limit=search.MOST_RESULTS))
    items = [found for found in actions.items if not coverage.is_mitres(found.content)]
    items += [found for found in rules.items if found.content.get("pattern_type") != "stix"]
    rows = [(found, found.content, picture.opinions(request.actor, found)) for found in items]
    return render(request, "threats/practice.html", {"rows": rows, "may_edit": request.actor.may(Right.EDIT)})


def _query(wanted: dict[str, Any], before: int | None) -> search.Query:
    """The search form as a query; days are UTC, both included."""
    since, until = wanted.get("since"), wanted.get("until")
    return search.Query(
        types=_types(wanted),
        text=wanted.get("text", ""),
        value=classify(wanted["value"]).value if wanted.get("value") else "",
        technique=wanted.get("technique", "").strip().upper(),
        threat_actor=wanted.get("threat_actor", ""),
        added_from=datetime.combine(since, time(), UTC) if since else None,
        added_until=datetime.combine(until + timedelta(days=1), time(), UTC) if until else None,
        before=before,
        limit=PER_PAGE,
    )


def _types(wanted: dict[str, Any]) -> Sequence[str]:
    """The type that was chosen; without one what people look for, and with a value everything that holds it."""
    if wanted.get("type"):
        return [wanted["type"]]
    return () if wanted.get("value") else [kind for kind, _label in TYPES]


def _rows(actor: Actor, items: Sequence[Found]) -> list[Row]:
    """Objects with their worth; only indicators have sightings to look up."""
    sightings = reading.sightings_of(actor, [one.stix_id for one in items if one.kind == "indicator"])
    return [Row(one, one.content, standing.worth(one, sightings.get(one.stix_id, []))) for one in items]


def _has_number(actor: aliases.Actor) -> bool:
    """Tell the actors that CERT-UA numbers."""
    return any(name.startswith("UAC-") for name in actor.names)
