"""Pages that send something out: sharing with its preview, revoking, sightings and feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from sild.exchange.errors import ExchangeError
from sild.exchange.models import Partner
from sild.people.enums import Right
from sild.threats import answering, reading, sharing
from sild.threats.errors import ThreatsError
from sild.threats.forms import FeedbackForm, ShareForm, SightingForm

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpResponse

    from sild.exchange.models import Record
    from sild.people.middleware import ActingRequest


@require_http_methods(["GET", "POST"])
def share(request: ActingRequest) -> HttpResponse:
    """Say object by object what each partner would see, then publish."""
    request.actor.require(Right.PUBLISH)
    asked = request.method == "POST" or "subject" in request.GET
    chosen = " ".join(request.GET.getlist("id"))
    form = ShareForm(request.POST or _with(request.GET, chosen)) if asked else ShareForm(initial={"id": chosen})
    planned: sharing.Plan | None = None
    if asked and form.is_valid():
        try:
            planned = sharing.plan(request.actor, form.stix_ids, form.audience)
            if request.method == "POST":
                records = sharing.share(request.actor, form.stix_ids, form.audience, form.cleaned_data["subject"])
                return _shared(request, records)
        except (ExchangeError, ThreatsError) as error:
            form.add_error(None, str(error))
    ids = (form.data.get("id") if asked else chosen) or ""
    context = {
        "form": form,
        "chosen": list(reading.get_many(request.actor, ids.split()).values()),
        "planned": planned,
        "seen": [(partner, planned.seen_by(partner)) for partner in Partner.objects.all()] if planned else [],
    }
    return render(request, "threats/share.html", context, status=400 if form.errors else 200)


@require_POST
def revoke(request: ActingRequest, stix_id: str) -> HttpResponse:
    """Revoke an object of one's own, here and at everybody it was shared with."""
    try:
        records = sharing.revoke(request.actor, stix_id)
    except ThreatsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _revoked(len(records)))
    return redirect("threats:object", stix_id)


@require_POST
def sighting(request: ActingRequest, stix_id: str) -> HttpResponse:
    """Note that something was seen, and tell those who shared it."""
    form = SightingForm(request.POST)
    if not form.is_valid():
        return _refused(request, form, stix_id)
    data = form.cleaned_data
    records = answering.report_sighting(
        request.actor,
        stix_id,
        count=data["count"],
        last_seen=data["last_seen"],
        description=data["description"],
        tell=data["tell"],
    )
    return _answered(request, stix_id, records)


@require_POST
def feedback(request: ActingRequest, stix_id: str) -> HttpResponse:
    """Say what one thinks of it after using it."""
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return _refused(request, form, stix_id)
    data = form.cleaned_data
    records = answering.give_feedback(request.actor, stix_id, data["opinion"], data["explanation"], tell=data["tell"])
    return _answered(request, stix_id, records)


def _with(given: Any, chosen: str) -> Any:
    """The query with all chosen objects in one field."""
    copy = given.copy()
    copy["id"] = chosen
    return copy


def _shared(request: ActingRequest, records: list[Record]) -> HttpResponse:
    """Say how many records went out and show them."""
    sentence = ngettext("%(count)d record was published.", "%(count)d records were published.", len(records))
    messages.success(request, sentence % {"count": len(records)})
    return redirect(records[0]) if len(records) == 1 else redirect("exchange:records")


def _answered(request: ActingRequest, stix_id: str, records: list[Record]) -> HttpResponse:
    """Say who was told."""
    if records:
        nodes = ", ".join(node for record in records for node in record.audience)
        messages.success(request, _("It is noted, and told to %(nodes)s.") % {"nodes": nodes})
    else:
        messages.success(request, _("It is noted here."))
    return redirect("threats:object", stix_id)


def _refused(request: ActingRequest, form: forms.Form, stix_id: str) -> HttpResponse:
    """Say what does not fit, and go back to the object."""
    for name, errors in form.errors.items():
        messages.error(request, f"{form.fields[name].label}: {' '.join(map(str, errors))}")
    return redirect("threats:object", stix_id)


def _revoked(count: int) -> str:
    """What was done, in a sentence."""
    if not count:
        return _("It is revoked. It was not shared with anybody.")
    sentence = ngettext(
        "It is revoked, and %(count)d record tells those who had it.",
        "It is revoked, and %(count)d records tell those who had it.",
        count,
    )
    return sentence % {"count": count}
