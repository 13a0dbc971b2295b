"""Pages for what is agreed before a run: registrations, sealed suites and requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.exchange import services as exchange
from sild.people.enums import Right
from sild.sandbox import registration, sealed, tasks
from sild.sandbox.agreed_forms import AskForm, OfferForm, RegisterForm
from sild.sandbox.agreements import Offer, Registration

if TYPE_CHECKING:
    from django.http import HttpResponse

    from sild.people.middleware import ActingRequest

PER_PAGE = 25


@require_GET
def registrations(request: ActingRequest) -> HttpResponse:
    """What was registered before runs, and a form to do so."""
    actor = request.actor
    actor.require(Right.VIEW)
    rows = actor.visible(Registration.objects.select_related("solution", "suite"))
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "form": RegisterForm(actor),
        "may_publish": actor.may(Right.PUBLISH),
    }
    return render(request, "sandbox/registrations.html", context)


@require_POST
def preregister(request: ActingRequest) -> HttpResponse:
    """Register thresholds."""
    form = RegisterForm(request.actor, request.POST)
    if form.is_valid():
        solution, suite = form.cleaned_data["solution"], form.cleaned_data["suite"]
        tlp = form.cleaned_data["tlp"]
        registration.preregister(request.actor, solution, suite, audience=form.audience, tlp=tlp)
        messages.success(request, _("The thresholds are registered."))
    else:
        messages.error(request, _("Choose a solution, a suite, a marking and recipients."))
    return redirect("sandbox:registrations")


@require_GET
def sealed_suites(request: ActingRequest) -> HttpResponse:
    """Sealed suites of the agency, what partners asked of them, and what partners offer."""
    actor = request.actor
    actor.require(Right.VIEW)
    context = {
        "offers": actor.visible(Offer.objects.select_related("suite")),
        "requests": Paginator(sealed.requests(actor), PER_PAGE).get_page(request.GET.get("page")),
        "offer_form": OfferForm(actor),
        "ask_form": AskForm(actor),
        "may_run": actor.may(Right.EDIT),
        "may_publish": actor.may(Right.PUBLISH),
    }
    return render(request, "sandbox/sealed.html", context)


@require_POST
def offer(request: ActingRequest) -> HttpResponse:
    """Seal a suite and offer it."""
    form = OfferForm(request.actor, request.POST)
    if form.is_valid():
        chosen = {name: form.cleaned_data[name] for name in ("tlp", "submissions", "smallest")}
        sealed.offer(request.actor, form.cleaned_data["suite"], audience=form.audience, **chosen)
        messages.success(request, _("The suite is sealed and offered."))
    else:
        messages.error(request, _("Choose a suite, a marking, recipients and both numbers."))
    return redirect("sandbox:sealed")


@require_POST
def ask(request: ActingRequest) -> HttpResponse:
    """Ask a partner to test a solution on its sealed suite."""
    form = AskForm(request.actor, request.POST)
    if form.is_valid():
        offered = exchange.get(request.actor, form.cleaned_data["offer"])
        return redirect(sealed.request(request.actor, form.cleaned_data["solution"], offered))
    messages.error(request, _("Choose a solution and an offer."))
    return redirect("sandbox:sealed")


@require_POST
def decide(request: ActingRequest, pk: str, step: str) -> HttpResponse:
    """Accept, decline or answer a request."""
    asked = sealed.find(request.actor, str(pk))
    if step == "accept":
        run = sealed.accept(request.actor, asked)
        tasks.run.enqueue(str(run.pk))
        return redirect(run)
    if step == "decline":
        sealed.decline(request.actor, asked)
        return redirect("sandbox:sealed")
    if step == "answer":
        return redirect(sealed.answer(request.actor, asked))
    raise Http404
