"""Pages around the analyst's desk: what was read, reading a text, taking the solution into use, the model's card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from sild.analyst import packing, services
from sild.analyst.desk_views import notice
from sild.analyst.forms import ReadForm, ShareForm
from sild.analyst.models import Activation, Reading
from sild.exchange.errors import ExchangeError
from sild.exchange.models import Record
from sild.people.enums import Right

if TYPE_CHECKING:
    from django.http import HttpResponse

    from sild.people.middleware import ActingRequest

PER_PAGE = 25


@require_GET
def reading_list(request: ActingRequest) -> HttpResponse:
    """Texts that the agency has read, newest first, and whether the solution is in use."""
    request.actor.require(Right.VIEW)
    queryset = request.actor.visible(Reading.objects.defer("text")).select_related("agency")
    context = {
        "page": Paginator(queryset, PER_PAGE).get_page(request.GET.get("page")),
        "activation": services.standing(request.actor),
        "may_read": request.actor.may(Right.EDIT),
        **notice(),
    }
    return render(request, "analyst/reading_list.html", context)


@require_http_methods(["GET", "POST"])
def read(request: ActingRequest) -> HttpResponse:
    """Read a text that is pasted or uploaded."""
    request.actor.require(Right.EDIT)
    form = ReadForm(request.POST, request.FILES) if request.method == "POST" else ReadForm()
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        reading = services.read(
            request.actor, given["name"], given["text"], given["tlp"], given.get("origin"), ask=given["ask"]
        )
        return redirect(reading)
    context = {
        "form": form,
        "activation": services.standing(request.actor),
        "endpoint": services.endpoint(),
        **notice(),
    }
    return render(request, "analyst/read.html", context, status=400 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
def activate(request: ActingRequest) -> HttpResponse:
    """Take the solution into use on the strength of a report of the sandbox."""
    request.actor.require(Right.VIEW)
    reports = Record.objects.visible_to(request.actor).filter(kind=services.REPORT, withdrawn=False)
    own = packing.solution_digest()
    fitting = [report for report in reports if report.body.get("solution", {}).get("digest") == own]
    form = ShareForm(request.POST) if request.method == "POST" else ShareForm(initial={"tlp": "GREEN"})
    if form.is_bound and form.is_valid():
        try:
            services.activate(request.actor, request.POST.get("report", ""), form.audience, form.cleaned_data["tlp"])
        except ExchangeError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The solution is in use. The record that says so has been published."))
            return redirect("analyst:readings")
    context = {
        "form": form,
        "reports": [(report, report.body) for report in fitting],
        "digest": own,
        "activations": request.actor.visible(Activation.objects.all()),
        "may_publish": request.actor.may(Right.PUBLISH),
        **notice(),
    }
    return render(request, "analyst/activate.html", context, status=400 if form.errors else 200)


@require_GET
def card(request: ActingRequest) -> HttpResponse:
    """The model's card: what it was trained on, what was held out, what was measured."""
    request.actor.require(Right.VIEW)
    return render(request, "analyst/card.html", notice())
