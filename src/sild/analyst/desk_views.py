"""The analyst's desk: one reading with its proposals, the decisions about them, and sharing with its preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sild.analyst import deciding, highlight, services, similar
from sild.analyst.errors import DecisionError
from sild.analyst.forms import KIND_CHOICES, CorrectionForm, ShareForm
from sild.exchange import sight
from sild.exchange.errors import ExchangeError
from sild.people.enums import Right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse

    from sild.analyst.items import Item
    from sild.analyst.models import Reading
    from sild.people.middleware import ActingRequest

PER_PAGE = 100


@require_GET
def reading(request: ActingRequest, reading_id: str) -> HttpResponse:
    """One reading: the text with what was found in it on the left, proposals on the right."""
    request.actor.require(Right.VIEW)
    shown = services.get(request.actor, reading_id)
    items = deciding.items_of(shown)
    page = Paginator(items, PER_PAGE).get_page(request.GET.get("page"))
    listed = list(page)
    context = {
        "reading": shown,
        "found": shown.found,
        "blocks": highlight.blocks(shown.text, items),
        "is_cut": len(shown.text) > highlight.MOST_SHOWN,
        "page": page,
        "groups": _groups(listed),
        "numbers": highlight.numbers(items),
        "known": similar.known(request.actor, [item.value for item in listed if item.group != "technique"]),
        "cases": similar.cases(request.actor, shown),
        "counts": _counts(items),
        "notes": _notes(shown),
        "kinds": KIND_CHOICES,
        "may_edit": request.actor.may(Right.EDIT),
        "may_publish": request.actor.may(Right.PUBLISH),
        **notice(),
    }
    return render(request, "analyst/reading.html", context)


@require_POST
def decide(request: ActingRequest, reading_id: str, key: str) -> HttpResponse:
    """Accept, reject, reopen or correct one proposal, then go on to the next that is open."""
    verdict = request.POST.get("verdict", "")
    try:
        if verdict == "correct":
            deciding.correct(request.actor, reading_id, key, _said(request))
        else:
            deciding.decide(request.actor, reading_id, key, verdict)
    except DecisionError as error:
        messages.error(request, str(error))
        return _back(request, reading_id, key)
    return _back(request, reading_id, key if verdict == "open" else _next(request, reading_id, key))


@require_POST
def add(request: ActingRequest, reading_id: str) -> HttpResponse:
    """Accept something that was not proposed."""
    key = ""
    try:
        key = deciding.add(request.actor, reading_id, _said(request)).key
    except DecisionError as error:
        messages.error(request, str(error))
    return _back(request, reading_id, key or "add")


@require_POST
def rest(request: ActingRequest, reading_id: str) -> HttpResponse:
    """Accept together what is open."""
    number = deciding.accept_rest(request.actor, reading_id)
    told = ngettext("%(number)s proposal was accepted unseen.", "%(number)s proposals were accepted unseen.", number)
    messages.success(request, told % {"number": number})
    return _back(request, reading_id, "")


@require_http_methods(["GET", "POST"])
def share(request: ActingRequest, reading_id: str) -> HttpResponse:
    """Say what goes out and what each partner would see, then publish."""
    request.actor.require(Right.PUBLISH)
    shown = services.get(request.actor, reading_id)
    asked = request.method == "POST" or "tlp" in request.GET
    form = ShareForm(request.POST or request.GET) if asked else ShareForm(initial={"tlp": shown.tlp})
    preview: sight.Preview | None = None
    if asked and form.is_valid():
        try:
            if request.method == "POST":
                record = services.publish(request.actor, reading_id, form.audience, form.cleaned_data["tlp"])
                messages.success(request, _("Published. Below is what partners see."))
                return redirect(record)
            preview = sight.of_draft(services.draft_of(shown, form.cleaned_data["tlp"], form.audience))
        except (ExchangeError, DecisionError) as error:
            form.add_error(None, str(error))
    items = [item for item in deciding.items_of(shown) if item.verdict == "accepted"]
    context = {"form": form, "reading": shown, "preview": preview, "items": items, **notice()}
    return render(request, "analyst/share.html", context, status=400 if form.errors else 200)


def notice() -> dict[str, object]:
    """The card, and in it the notice that MITRE asks for, for the foot of each page."""
    return {"card": services.model().card}


def _groups(items: Sequence[Item]) -> list[tuple[str, list[Item]]]:
    """The items under their headings."""
    titles = {
        "technique": _("Techniques proposed"),
        "entity": _("Actors, malware and tools"),
        "indicator": _("Indicators found"),
    }
    groups = [(title, [item for item in items if item.group == group]) for group, title in titles.items()]
    return [(title, members) for title, members in groups if members]


def _notes(reading: Reading) -> list[str]:
    """What was seen in the file and left alone."""
    told = {
        "scripts": _("The file holds scripts or actions. They were neither run nor read."),
        "attachments": _("Attachments are named and were not opened."),
        "undecodable": _("A part is not in the character set that it states; what could not be decoded reads �."),
    }
    return [told[note] for note in reading.origin.get("notes", []) if note in told]


def _counts(items: Sequence[Item]) -> dict[str, int]:
    """How many are accepted, rejected, open."""
    return {
        "accepted": sum(item.verdict == "accepted" for item in items),
        "rejected": sum(item.verdict == "rejected" for item in items),
        "open": sum(not item.verdict for item in items),
    }


def _said(request: ActingRequest) -> deciding.Said:
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        raise DecisionError(_("Give a technique's id, a name or a value of 1 to 500 characters on one line."))
    return form.said


def _next(request: ActingRequest, reading_id: str, key: str) -> str:
    """The next proposal that is open, else the same one."""
    items = deciding.items_of(services.get(request.actor, reading_id))
    place = next(place for place, item in enumerate(items) if item.key == key)
    return next((item.key for item in items[place:] + items[:place] if not item.verdict), key)


def _back(request: ActingRequest, reading_id: str, key: str) -> HttpResponse:
    """To the page of the desk that shows the proposal."""
    items = deciding.items_of(services.get(request.actor, reading_id))
    place = next((place for place, item in enumerate(items) if item.key == key), 0)
    query = f"?page={place // PER_PAGE + 1}" if place >= PER_PAGE else ""
    return redirect(f"{reverse('analyst:reading', args=[reading_id])}{query}" + (f"#{key}" if key else ""))
