"""Pages of the plan: at a glance, and one commitment with its evidence."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.exchange.errors import ExchangeError
from sild.people.enums import Right
from sild.plan import overview, page, services, standing
from sild.plan.errors import PlanError
from sild.plan.forms import AssessForm, ClaimForm
from sild.plan.models import Plan

if TYPE_CHECKING:
    from django.http import HttpResponse

    from sild.people.middleware import ActingRequest


@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """The plan at a glance: how many commitments stand how, what is due when, and each commitment."""
    request.actor.require(Right.VIEW)
    plans = Plan.objects.all()
    if not plans:
        return render(request, "plan/none.html")
    plan = services.plan_named(request.actor, request.GET.get("plan", ""))
    shown = standing.of_plan(plan)
    context = {
        "memorandum": plan,
        "plans": plans,
        "plan": {"plans": [overview.glance(plan, shown)]},
        "rows": [page.row(one) for one in shown],
        "timeline": overview.timeline(shown),
    }
    return render(request, "plan/index.html", context)


@require_GET
def commitment(request: ActingRequest, plan: str, slug: str) -> HttpResponse:
    """One commitment: what was promised, what shows it, who assessed it."""
    return _page(request, plan, slug)


@require_POST
def claim(request: ActingRequest, plan: str, slug: str) -> HttpResponse:
    """Keep a claim in words."""
    row = services.commitment_named(request.actor, slug, plan)
    form = ClaimForm(request.POST)
    if form.is_valid():
        services.claim(request.actor, row, form.cleaned_data["text"])
        messages.success(request, _("The claim was written down. It is shown as a claim until there is evidence."))
        return redirect(row)
    return _page(request, plan, slug, claim_form=form)


@require_POST
def assess(request: ActingRequest, plan: str, slug: str) -> HttpResponse:
    """Publish a verdict, or only say who would get it."""
    row = services.commitment_named(request.actor, slug, plan)
    if request.POST.get("step") == "preview":
        return _page(request, plan, slug, assess_form=AssessForm(row.plan, entered=request.POST))
    form = AssessForm(row.plan, request.POST)
    if not form.is_valid():
        return _page(request, plan, slug, assess_form=form)
    entered = form.cleaned_data
    try:
        services.assess(request.actor, row, entered["verdict"], entered["reason"], entered["to"], tlp=entered["tlp"])
    except (PlanError, ExchangeError) as error:
        form.add_error(None, str(error))
        return _page(request, plan, slug, assess_form=form)
    messages.success(request, _("The assessment was published; partners get it with their next contact."))
    return redirect(row)


def _page(
    request: ActingRequest,
    plan: str,
    slug: str,
    *,
    claim_form: ClaimForm | None = None,
    assess_form: AssessForm | None = None,
) -> HttpResponse:
    """The commitment's page, with forms as they were sent."""
    actor, shown = request.actor, standing.view(services.commitment_named(request.actor, slug, plan))
    form = assess_form or AssessForm(shown.plan)
    verdicts, earlier = page.verdicts(shown)
    context = {
        "shown": shown,
        "row": page.row(shown),
        "rules": page.rules(actor, shown),
        "milestones": page.milestones(actor, shown),
        "reported": page.reported(shown),
        "verdicts": verdicts,
        "earlier": earlier,
        "may_claim": actor.may(Right.EDIT),
        "may_assess": actor.may(Right.PUBLISH) and services.own_party(shown.plan) is not None,
        "claim_form": claim_form or ClaimForm(),
        "assess_form": form,
        "preview": form.preview(),
    }
    refused = any(one is not None and one.errors for one in (claim_form, assess_form))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "plan/commitment.html", context, status=status)
