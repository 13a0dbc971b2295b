"""Pages for solutions, suites and runs."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.people.enums import Right
from sild.sandbox import finding, radar, results, services, tasks
from sild.sandbox.evidence_forms import WatchForm
from sild.sandbox.forms import CheckForm, CompareForm, PublishForm, StartForm, UploadForm
from sild.sandbox.models import Run, Solution, Suite

if TYPE_CHECKING:
    from django.http import HttpResponse

    from sild.people.actor import Actor
    from sild.people.middleware import ActingRequest
    from sild.sandbox.engine.reading import Which

PER_PAGE = 25
SAMPLES_SHOWN = 100
WHICH = frozenset({"wrong", "unanswered", "slow", "refused", "all"})


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
        "checks": CheckForm(),
        "upload": UploadForm(),
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
    return render(request, "sandbox/solution.html", _attempts(request.actor, solution=shown))


@require_GET
def suite(request: ActingRequest, pk: str) -> HttpResponse:
    """One suite: its data sheet and its thresholds."""
    shown = finding.suite(request.actor, str(pk))
    return render(request, "sandbox/suite.html", _attempts(request.actor, suite=shown))


def _attempts(actor: Actor, **shown: Solution | Suite) -> dict[str, Any]:
    """What a solution's page, and a suite's, shows: the thing, its runs, and the form that starts one."""
    return {
        **shown,
        "runs": actor.visible(Run.objects.select_related("solution", "suite").filter(**shown)),
        "form": StartForm(actor, initial={**shown}),
        "may_run": actor.may(Right.EDIT),
    }


@require_GET
def run(request: ActingRequest, pk: str) -> HttpResponse:
    """One run: its progress while it lasts, its report afterwards."""
    shown = finding.run(request.actor, str(pk))
    context = {
        "run": shown,
        "report": shown.report,
        "form": PublishForm(),
        "others": CompareForm(request.actor, shown),
        "watch_form": WatchForm(),
        "watches": shown.watches.all(),
        "may_run": request.actor.may(Right.EDIT),
        "may_watch": request.actor.may(Right.PUBLISH),
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
    return redirect(tasks.start(request.actor, **form.cleaned_data))


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
    """Results of single samples, each with input and target: wrong, refused, slow and so on, of a slice, with words."""
    shown = finding.run(request.actor, str(pk))
    which = cast("Which", request.GET.get("which", "wrong"))
    words, part = request.GET.get("words", "").strip(), request.GET.get("slice", "")
    suite = results.suite_of(shown) if shown.report else None
    slices = results.slices(shown)
    found = results.of(shown, which if which in WHICH else "wrong", words, part if part in slices else "")
    context = {
        "run": shown,
        "results": [(one, suite.samples[one.position] if suite else None) for one in islice(found, SAMPLES_SHOWN)],
        "why": suite.scorer.per_sample if suite else "",
        "which": which,
        "words": words,
        "slices": slices,
        "slice": part,
        "most": SAMPLES_SHOWN,
    }
    return render(request, "sandbox/samples.html", context)


@require_GET
def results_file(request: ActingRequest, pk: str) -> StreamingHttpResponse:
    """The results of all samples as JSON lines, as the report names them by hash."""
    shown = finding.run(request.actor, str(pk))
    answer = StreamingHttpResponse(results.lines(shown), content_type="application/jsonl")
    told = (shown.report or {})["results"]
    answer["Content-Length"] = str(told["bytes"])
    answer["Content-Disposition"] = f'attachment; filename="results-{told["sha256"]}.jsonl"'
    return answer


@require_GET
def sample_proof(request: ActingRequest, pk: str) -> HttpResponse:
    """One sample's result with the proof that the report covers it, as a file."""
    shown = finding.run(request.actor, str(pk))
    proof = results.proved(shown, request.GET.get("id", ""))
    answer = JsonResponse(proof, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="sample-{shown.pk}.json"'
    return answer


@require_GET
def compare(request: ActingRequest, pk: str) -> HttpResponse:
    """Two runs on the same suite side by side."""
    first = finding.run(request.actor, str(pk))
    second = finding.run(request.actor, request.GET.get("other", ""))
    compared = results.compared(first, second)
    assert first.report is not None  # results.compared refuses what is not finished
    assert second.report is not None
    rows = radar.paired(first.report["metrics"], second.report["metrics"])
    context = {"first": first, "second": second, "compared": compared, "rows": rows, "radar": radar.draw(rows)}
    return render(request, "sandbox/compare.html", context)


@require_POST
def add_check(request: ActingRequest) -> HttpResponse:
    """Add one of the checks that come with the product."""
    form = CheckForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a check."))
        return redirect("sandbox:index")
    return redirect(services.add_check(request.actor, *form.chosen))


@require_POST
def upload(request: ActingRequest) -> HttpResponse:
    """Register a solution that was uploaded as a ZIP file."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _("Choose a ZIP file with a solution."))
        return redirect("sandbox:index")
    return redirect(services.register_package(request.actor, form.cleaned_data["package"].read()))
