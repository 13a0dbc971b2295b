"""Pages of evidence: re-runs, watches, and reports in the forms that others read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.exchange import services as exchange
from sild.people.enums import Right
from sild.sandbox import finding, outgoing, rerun, rerun_execution, results, watch_tasks, watching
from sild.sandbox.evidence_forms import RerunForm, VerdictForm, WatchForm
from sild.sandbox.evidence_models import Rerun, Watch

if TYPE_CHECKING:
    from sild.people.middleware import ActingRequest

PER_PAGE = 25


@require_GET
def rerun_list(request: ActingRequest) -> HttpResponse:
    """All re-runs, newest first."""
    request.actor.require(Right.VIEW)
    rows = request.actor.visible(Rerun.objects.select_related("report"))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "sandbox/rerun_list.html", {"page": page})


@require_GET
def rerun_page(request: ActingRequest, pk: str) -> HttpResponse:
    """One re-run: where it stands, what differs, and the next step."""
    shown = rerun.find(request.actor, str(pk))
    context = {"rerun": shown, "form": VerdictForm(), "may_publish": request.actor.may(Right.PUBLISH)}
    return render(request, "sandbox/rerun.html", context)


@require_POST
def rerun_request(request: ActingRequest, pk: str) -> HttpResponse:
    """Ask for a draw of a partner's report."""
    form = RerunForm(request.POST)
    report = exchange.get(request.actor, str(pk))
    if not form.is_valid():
        messages.error(request, _("Say how many samples are to be drawn."))
        return redirect(report)
    return redirect(rerun.request(request.actor, report, form.cleaned_data["samples"]))


@require_POST
def rerun_step(request: ActingRequest, pk: str, step: str) -> HttpResponse:
    """Take the next step of a re-run."""
    steps = {"answer": rerun.answer, "execute": rerun_execution.start, "show": rerun.show}
    shown = steps[step](request.actor, rerun.find(request.actor, str(pk)))
    if step == "execute":
        messages.success(request, _("The samples are being run again. Load the page again in a while."))
    return redirect(shown)


@require_POST
def rerun_judge(request: ActingRequest, pk: str) -> HttpResponse:
    """Countersign or dispute."""
    shown, form = rerun.find(request.actor, str(pk)), VerdictForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose whether you countersign or dispute."))
        return redirect(shown)
    countersign = form.cleaned_data["verdict"] == "countersign"
    return redirect(rerun.judge(request.actor, shown, countersign=countersign, comment=form.cleaned_data["comment"]))


@require_GET
def watch_list(request: ActingRequest) -> HttpResponse:
    """All watches, newest first."""
    request.actor.require(Right.VIEW)
    rows = request.actor.visible(Watch.objects.select_related("baseline__solution", "baseline__suite"))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "sandbox/watch_list.html", {"page": page})


@require_GET
def watch_page(request: ActingRequest, pk: str) -> HttpResponse:
    """One watch: its bound, and what the last test showed."""
    shown = watching.find(request.actor, str(pk))
    return render(request, "sandbox/watch.html", {"watch": shown, "may_publish": request.actor.may(Right.PUBLISH)})


@require_POST
def watch_start(request: ActingRequest, pk: str) -> HttpResponse:
    """Watch the solution of a run."""
    run, form = finding.run(request.actor, str(pk)), WatchForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how often, how far the score may fall, and who is told."))
        return redirect(run)
    told = form.cleaned_data
    made = watching.start(
        request.actor,
        run,
        every_hours=told["every_hours"],
        bound=told["bound"],
        tlp=told["tlp"],
        audience=form.audience,
    )
    return redirect(made)


@require_POST
def watch_test(request: ActingRequest, pk: str) -> HttpResponse:
    """Test a watched solution without waiting for its time."""
    request.actor.require(Right.PUBLISH)
    shown = watching.find(request.actor, str(pk))
    watch_tasks.retest.enqueue(str(shown.pk))
    messages.success(request, _("The solution is being tested again. Load the page again in a while."))
    return redirect(shown)


@require_POST
def watch_end(request: ActingRequest, pk: str) -> HttpResponse:
    """Watch no longer."""
    return redirect(watching.end(request.actor, watching.find(request.actor, str(pk))))


@require_GET
def statement(request: ActingRequest, pk: str) -> HttpResponse:
    """A report as an in-toto Statement."""
    run = finding.run(request.actor, str(pk))
    return _file(JsonResponse(outgoing.statement(run)), f"statement-{run.pk}.intoto.json")


@require_GET
def act(request: ActingRequest, pk: str) -> HttpResponse:
    """Which points of the EU AI Act a report covers, as JSON."""
    run = finding.run(request.actor, str(pk))
    answer = JsonResponse(outgoing.act_mapping(run), json_dumps_params={"ensure_ascii": False, "indent": 1})
    return _file(answer, f"ai-act-{run.pk}.json")


@require_GET
def pdf(request: ActingRequest, pk: str) -> HttpResponse:
    """A report as a PDF file, in the reader's language or the one that is asked for."""
    run = finding.run(request.actor, str(pk))
    language = request.GET.get("language") or (get_language() or "en")[:2]
    answer = HttpResponse(outgoing.pdf(run, language), content_type="application/pdf")
    return _file(answer, f"report-{run.pk}-{language}.pdf")


@require_GET
def evidence(request: ActingRequest, pk: str) -> StreamingHttpResponse:
    """The report with the results of all samples, as a file that anybody can verify."""
    run = finding.run(request.actor, str(pk))
    answer = StreamingHttpResponse(results.evidence(run), content_type="application/jsonl")
    answer["Content-Disposition"] = f'attachment; filename="evidence-{run.pk}.jsonl"'
    return answer


def _file(answer: HttpResponse, name: str) -> HttpResponse:
    """An answer that browsers save."""
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
