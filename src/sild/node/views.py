"""The node's own pages: home, language, notices."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.utils.translation import check_for_language
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language

from sild.exchange import log
from sild.node import desk
from sild.people import services
from sild.people.enums import Right

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from sild.people.actor import Actor
    from sild.people.middleware import ActingRequest


@require_GET
def home(request: ActingRequest) -> HttpResponse:
    """The plan at a glance, what needs the reader, what came in, and how the links stand."""
    if not request.actor.may(Right.VIEW):
        return render(request, "node/no_role.html")
    links = desk.links()
    context = {
        "links": links,
        "needs": desk.needs(request.actor, links),
        "latest": desk.latest(request.actor),
        "checkpoint": log.latest(),
        **_plan(request.actor),
    }
    return render(request, "node/home.html", context)


@login_not_required
@require_POST
def language(request: ActingRequest) -> HttpResponse:
    """Speak another language from now on, and remember it for whoever is signed in."""
    code = request.POST.get("language", "")
    if request.actor.person is not None and check_for_language(code):
        services.speak(request.actor.person, code)
    return set_language(cast("HttpRequest", request))


@require_GET
def notices(request: ActingRequest) -> HttpResponse:
    """Licences of what the node is made of, and the notices that its data ask for."""
    return render(request, "node/notices.html")


def _plan(actor: Actor) -> dict[str, Any]:
    """The plan's own summary, when the plan is installed; the plan decides what is in it."""
    if not apps.is_installed("sild.plan"):
        return {}
    return {"plan": import_module("sild.plan.services").summary(actor)}
