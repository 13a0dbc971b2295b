"""The page of an agency's webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from sild.people.enums import Right
from sild.threats import hooks
from sild.threats.enums import Level
from sild.threats.errors import ThreatsError
from sild.threats.forms import WebhookForm
from sild.threats.models import Webhook

if TYPE_CHECKING:
    from django.http import HttpResponse

    from sild.people.middleware import ActingRequest


@require_http_methods(["GET", "POST"])
def webhooks(request: ActingRequest) -> HttpResponse:
    """The agency's webhooks with their keys; set up another one."""
    request.actor.require(Right.ADMINISTER)
    form = WebhookForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            hooks.set_up(request.actor, form.cleaned_data["url"], Level.of(form.cleaned_data["ceiling"]))
        except ThreatsError as error:
            form.add_error("url", str(error))
        else:
            messages.success(request, _("From now on it is told of what comes in."))
            return redirect("threats:webhooks")
    rows = [(hook, hooks.public_key(hook)) for hook in request.actor.visible(Webhook.objects.all())]
    return render(request, "threats/webhooks.html", {"form": form, "rows": rows}, status=400 if form.errors else 200)


@require_POST
def remove(request: ActingRequest, hook_id: str) -> HttpResponse:
    """Stop telling an address."""
    hooks.remove(request.actor, hook_id)
    messages.success(request, _("It is told nothing any more."))
    return redirect("threats:webhooks")
