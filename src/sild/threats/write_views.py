"""Pages to write something: an indicator, a rule, a report, guidance, a playbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from sild.people.enums import Right
from sild.threats import writing
from sild.threats.desk_errors import translated
from sild.threats.engine import csvmap
from sild.threats.engine.sentences import DeskError
from sild.threats.errors import ThreatsError
from sild.threats.forms import GuidanceForm, ImportForm, IndicatorForm, PlaybookForm, ReportForm, RuleForm

if TYPE_CHECKING:
    from django.http import HttpResponse

    from sild.people.actor import Actor
    from sild.people.middleware import ActingRequest
    from sild.threats.forms import ContextForm
    from sild.threats.models import Batch

KINDS: dict[str, tuple[Any, type[ContextForm]]] = {
    "indicator": (gettext_lazy("Write an indicator"), IndicatorForm),
    "rule": (gettext_lazy("Add a detection rule"), RuleForm),
    "report": (gettext_lazy("Write a report"), ReportForm),
    "guidance": (gettext_lazy("Write guidance"), GuidanceForm),
    "playbook": (gettext_lazy("Add a playbook"), PlaybookForm),
}


@require_http_methods(["GET", "POST"])
def write(request: ActingRequest, kind: str) -> HttpResponse:
    """Write one thing; what cannot be kept is told beside the form."""
    request.actor.require(Right.EDIT)
    title, form_type = KINDS[kind]
    first = {"about": " ".join(request.GET.getlist("about")), "value": request.GET.get("value", "")}
    form = form_type(request.POST) if request.method == "POST" else form_type(initial=first)
    if form.is_bound and form.is_valid():
        try:
            stix_id = _write(request.actor, kind, form)
        except DeskError as error:
            form.add_error(None, translated(error))
        except ThreatsError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("It is kept here. Nothing has been shared yet."))
            return redirect("threats:object", stix_id)
    context = {"form": form, "title": title, "kind": kind, "kinds": [(name, KINDS[name][0]) for name in KINDS]}
    return render(request, "threats/write.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def import_file(request: ActingRequest) -> HttpResponse:
    """Take in a file: STIX, MISP or CSV; what was refused is told line by line."""
    request.actor.require(Right.EDIT)
    form = ImportForm(request.POST or None, request.FILES or None)
    batch: Batch | None = None
    if form.is_bound and form.is_valid():
        try:
            batch = form.run(request.actor)
        except DeskError as error:
            form.add_error(None, translated(error))
        except ThreatsError as error:
            form.add_error(None, str(error))
    context = {"form": form, "batch": batch, "fields": csvmap.FIELDS}
    return render(request, "threats/import.html", context, status=400 if form.errors else 200)


def _write(actor: Actor, kind: str, form: ContextForm) -> str:
    """Call the service for what the form is about."""
    data, context = form.cleaned_data, form.context
    if kind == "indicator":
        return writing.write_indicator(actor, data["value"], context, name=data["name"])
    if kind == "rule":
        return writing.write_rule(actor, data["kind"], data["text"], context, name=data["name"])
    if kind == "report":
        return writing.write_report(actor, data["name"], context)
    if kind == "guidance":
        return writing.write_guidance(actor, data["name"], context)
    return writing.write_playbook(actor, data["text"], context)
