"""Pages on which people ask who sees what, change that, pass records on, and see who has not acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.exchange import forwarding, gate, receipts, services, sight
from sild.exchange.enums import Tlp
from sild.exchange.models import Partner
from sild.people.enums import Right

if TYPE_CHECKING:
    from django.http import HttpResponse, QueryDict

    from sild.people.middleware import ActingRequest


@require_GET
def preview(request: ActingRequest) -> HttpResponse:
    """What would they see? The gate's decision for each partner, before anything is published."""
    request.actor.require(Right.VIEW)
    tlp, names = request.GET.get("tlp", "AMBER"), request.GET.get("names", "")
    audience = _audience(request.GET)
    shown = sight.of_draft(_draft(tlp, audience, names)) if request.GET else None
    return render(request, "exchange/preview.html", {"shown": shown, "names": names, **_choices(tlp, audience)})


@require_GET
def of_record(request: ActingRequest, record_id: str) -> HttpResponse:
    """What each partner sees of a record, and what can be done about it."""
    request.actor.require(Right.VIEW)
    record = services.get(request.actor, record_id)
    context = {
        "record": record,
        "rows": sight.of_record(record),
        "may_change": request.actor.may(Right.PUBLISH) and record.is_own and not record.withdrawn,
        "may_pass_on": request.actor.may(Right.REDISTRIBUTE) and not record.is_own and gate.is_passable(record),
        **_choices(record.tlp, record.audience),
    }
    return render(request, "exchange/sight.html", context)


@require_POST
def mark(request: ActingRequest, record_id: str) -> HttpResponse:
    """Publish a record anew under another marking or for others."""
    record = services.get(request.actor, record_id)
    made = services.mark(request.actor, record, request.POST.get("tlp", ""), _audience(request.POST))
    messages.success(request, _("Published under the new marking. Whoever lost the record is told of it."))
    return redirect("exchange:sight", made.pk)


@require_POST
def withdraw(request: ActingRequest, record_id: str) -> HttpResponse:
    """Take a record back, with the reason."""
    record = services.get(request.actor, record_id)
    reason = request.POST.get("reason", "").strip()
    if reason:
        services.withdraw(request.actor, record, reason)
        messages.success(request, _("The record is withdrawn, and its readers are told."))
    else:
        messages.error(request, _("Write down why the record is withdrawn; partners read it."))
    return redirect("exchange:sight", record.pk)


@require_POST
def pass_on(request: ActingRequest, record_id: str) -> HttpResponse:
    """Pass a partner's record on, with its issuer's own proof."""
    record = services.get(request.actor, record_id)
    made = forwarding.redistribute(request.actor, record, _audience(request.POST))
    messages.success(request, _("Passed on, with the proof of its issuer."))
    return redirect("exchange:record", made.pk)


@require_GET
def outstanding(request: ActingRequest) -> HttpResponse:
    """Withdrawals, or everything, that partners have not acknowledged yet."""
    request.actor.require(Right.VIEW)
    everything = request.GET.get("what") == "all"
    rows = receipts.all_outstanding(request.actor, withdrawals=not everything)
    return render(request, "exchange/outstanding.html", {"rows": rows, "everything": everything})


def _draft(tlp: str, audience: gate.Audience, names: str) -> services.Draft:
    """A draft of which nothing is known but its marking, its audience and what it names."""
    return services.Draft(kind="", subject="", body={"names": names}, tlp=tlp, audience=audience)


def _audience(given: QueryDict) -> gate.Audience:
    """The audience that a form chose: a wide one, or the nodes that were ticked."""
    return given.get("audience", "") or list(given.getlist("node"))


def _choices(tlp: str, audience: gate.Audience) -> dict[str, object]:
    """What a form for marking and audience offers, and what is chosen."""
    return {
        "tlp": tlp,
        "audience": audience if isinstance(audience, str) else "",
        "nodes": () if isinstance(audience, str) else audience,
        "partners": Partner.objects.all(),
        "markings": Tlp.choices,
    }
