"""Pages for solutions, suites and runs."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import FileResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.people.enums import Right
from sild.sandbox import finding, services, tasks
from sild.sandbox.engine.journal import Result, kept_results
from sild.sandbox.forms import PublishForm, StartForm
from sild.sandbox.models import Run, Solution, Suite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpResponse

    from sild.people.middleware import ActingRequest

PER_PAGE = 25
SAMPLES_SHOWN = 100


@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """What the sandbox has: solutions, suites and the latest runs."""
    actor = request.actor
    actor.require(Right.VIEW)
    context = {
        "solutions": Solution.objects.visible_to(actor).annotate(attempts=Count("runs"))[:PER_PAGE],
        "suites": Suite.objects.visible_to(actor)[:PER_PAGE],
        "runs": actor.visible(Run.objects.select_related("solution", "suite"))[:PER_PAGE],
        "form": StartForm(actor),
        "may_run": actor.may(Right.EDIT),
    }
    return render(request, "sandbox/index.html", context)


@require_GET
def run_list(request: ActingRequest) -> HttpResponse:
    """All runs of the agency, newest first."""
    request.actor.require(Right.VIEW)
    runs = request.actor.visible(Run.objects.select_related("solution", "suite"))
    return render(
        request, "sandbox/run_list.html", {"page": Paginator(runs, PER_PAGE).get_page(request.GET.get("page"))}
    )


@require_GET
def solution(request: ActingRequest, pk: str) -> HttpResponse:
    """One solution: what it is, where it came from, how it was tested."""
    shown = finding.solution(request.actor, str(pk))
    context = {
        "solution": shown,
        "runs": request.actor.visible(Run.objects.select_related("solution", "suite").filter(solution=shown)),
        "form": StartForm(request.actor, initial={"solution": shown}),
        "may_run": request.actor.may(Right.EDIT),
    }
    return render(request, "sandbox/solution.html", context)


@require_GET
def suite(request: ActingRequest, pk: str) -> HttpResponse:
    """One suite: its data sheet and its thresholds."""
    shown = finding.suite(request.actor, str(pk))
    context = {
        "suite": shown,
        "runs": request.actor.visible(Run.objects.select_related("solution", "suite").filter(suite=shown)),
        "form": StartForm(request.actor, initial={"suite": shown}),
        "may_run": request.actor.may(Right.EDIT),
    }
    return render(request, "sandbox/suite.html", context)


@require_GET
def run(request: ActingRequest, pk: str) -> HttpResponse:
    """One run: its progress while it lasts, its report afterwards."""
    shown = finding.run(request.actor, str(pk))
    context = {
        "run": shown,
        "report": shown.report,
        "form": PublishForm(),
        "may_run": request.actor.may(Right.EDIT),
        "may_publish": request.actor.may(Right.PUBLISH) and shown.report is not None and shown.record_id is None,
    }
    return render(request, "sandbox/run.html", context)


@require_GET
def progress(request: ActingRequest, pk: str) -> HttpResponse:
    """How far a run is: the part of its page that renews itself, and when it is over, the whole page again."""
    shown = finding.run(request.actor, str(pk))
    answer = render(request, "sandbox/progress.html", {"run": shown})
    if shown.is_over:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def start(request: ActingRequest) -> HttpResponse:
    """Start a run in the background."""
    form = StartForm(request.actor, request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a solution and a suite."))
        return redirect("sandbox:index")
    return redirect(tasks.start(request.actor, form.cleaned_data["solution"], form.cleaned_data["suite"]))


@require_POST
def cancel(request: ActingRequest, pk: str) -> HttpResponse:
    """Cancel a run."""
    return redirect(services.cancel_run(request.actor, finding.run(request.actor, str(pk))))


@require_POST
def resume(request: ActingRequest, pk: str) -> HttpResponse:
    """Resume a run."""
    return redirect(tasks.resume(request.actor, finding.run(request.actor, str(pk))))


@require_POST
def publish(request: ActingRequest, pk: str) -> HttpResponse:
    """Publish a run's report."""
    shown, form = finding.run(request.actor, str(pk)), PublishForm(request.POST)
    if form.is_valid():
        services.publish_report(request.actor, shown, audience=form.audience, tlp=form.cleaned_data["tlp"])
        messages.success(request, _("The report is published."))
    else:
        messages.error(request, _("Choose a marking and who the report is for."))
    return redirect(shown)


@require_GET
def samples(request: ActingRequest, pk: str) -> HttpResponse:
    """Results of single samples: all, those without a full score, or those without an answer."""
    shown = finding.run(request.actor, str(pk))
    which = request.GET.get("which", "wrong")
    results = islice(_results(shown, which), SAMPLES_SHOWN)
    context = {"run": shown, "results": list(results), "which": which, "most": SAMPLES_SHOWN}
    return render(request, "sandbox/samples.html", context)


@require_GET
def results_file(request: ActingRequest, pk: str) -> FileResponse:
    """The file with the results of all samples, as the report names it by hash."""
    shown = finding.run(request.actor, str(pk))
    path = services.results_path(shown, settings.CONFIG.home)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type="application/jsonl")


def _results(shown: Run, which: str) -> Iterator[Result]:
    """The results that a filter lets through."""
    if shown.report is None:
        return
    for result in kept_results(shown.folder(settings.CONFIG.home), shown.report["results"]["sha256"]):
        if which == "all" or (which == "unanswered" and result.error) or (which == "wrong" and result.score < 1):
            yield result
