"""The watch over solutions in use: set and ended by people, tested again by the worker when the time has come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sild.exchange import services as exchange
from sild.exchange.models import Record
from sild.people import audit
from sild.people.actor import Actor
from sild.people.enums import Right, Role
from sild.sandbox import services
from sild.sandbox.enums import Drift
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.evidence_models import Watch

if TYPE_CHECKING:
    from sild.exchange.gate import Audience
    from sild.sandbox.engine.drift import Finding
    from sild.sandbox.models import Run

DRIFT = "sandbox.drift"
MOST_HOURS = 24 * 366


def find(actor: Actor, watch_id: str) -> Watch:
    """The watch of that id.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    actor.require(Right.VIEW)
    rows = Watch.objects.select_related("baseline__solution", "baseline__suite")
    found = actor.visible(rows).filter(pk=watch_id).first()
    if found is None:
        raise NotFoundError(_("There is no watch “%(id)s” here.") % {"id": watch_id})
    return found


@transaction.atomic
def start(actor: Actor, baseline: Run, *, every_hours: int, bound: float, tlp: str, audience: Audience) -> Watch:
    """Have a solution tested again on a schedule, against the run on which it was adopted.

    Args:
        actor: who may publish, since drift will be published without asking again.
        baseline: a finished run.
        every_hours: hours between two tests, 1 to a year.
        bound: how far the mean score of the samples may fall, from 0 to 1.
        tlp: of the record that says that it drifted.
        audience: who gets it.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: the run has no report, its suite is sealed, it is being watched, or a number is out of range.
        WithheldError: marking and audience contradict each other.
    """
    actor.require(Right.PUBLISH)
    if baseline.report is None:
        raise StateError(_("Only a finished run can be what a solution is measured against."))
    if not 1 <= every_hours <= MOST_HOURS or not 0 <= bound <= 1:
        raise StateError(_("Give 1 to %(most)d hours, and a bound from 0 to 1.") % {"most": MOST_HOURS})
    services.require_open(baseline)
    if Watch.objects.filter(baseline=baseline, ended=None).exists():
        raise StateError(_("This run is being watched already."))
    exchange.preview(tlp, audience)
    made = Watch.objects.create(
        agency=actor.agency,
        baseline=baseline,
        every_hours=every_hours,
        bound=bound,
        tlp=tlp,
        audience=audience,
        started_by=actor.who,
        due=timezone.now() + timedelta(hours=every_hours),
    )
    audit.note(actor, "sandbox.watch", made, watch=str(made.pk), hours=every_hours, bound=bound)
    return made


@transaction.atomic
def end(actor: Actor, watch: Watch) -> Watch:
    """Watch no longer; what was found is kept.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: it was ended already.
    """
    actor.require(Right.PUBLISH)
    if watch.ended:
        raise StateError(_("This watch was ended already."))
    watch.ended = timezone.now()
    watch.save(update_fields=["ended"])
    audit.note(actor, "sandbox.end-watch", watch, watch=str(watch.pk))
    return watch


def acting(watch: Watch) -> Actor:
    """Who tests again: whoever set the watch, who might publish then, by the job."""
    if watch.agency is None:
        return Actor.operator("job")
    return Actor(who=watch.started_by, role=Role.PUBLISHER, agency=watch.agency, via="job")


@transaction.atomic
def begin_test(watch: Watch) -> Run:
    """Set up the next test; it is a run like any other, numbered and shown."""
    before = watch.baseline
    started = services.start_run(acting(watch), before.solution, before.suite, level=before.level)
    watch.last = started
    watch.save(update_fields=["last"])
    return started


@transaction.atomic
def conclude(watch: Watch, run: Run) -> Watch:
    """Compare a finished test with the baseline; drift that is new is published as a record."""
    from sild.sandbox import results  # noqa: PLC0415 -- the engine loads numpy, which is slow
    from sild.sandbox.engine import drift  # noqa: PLC0415

    found = drift.find(results.of(watch.baseline), results.of(run), watch.bound)
    before = watch.state
    watch.state, watch.findings, watch.tested = found.state, found.facts, timezone.now()
    if found.state == "drifted" and before != Drift.DRIFTED:
        watch.record = exchange.publish(
            acting(watch),
            kind=DRIFT,
            subject=str(watch.baseline.solution),
            body=_body(watch, run, found),
            tlp=watch.tlp,
            audience=watch.audience,
            answers=_report_of(watch),
        )
    watch.save(update_fields=["state", "findings", "tested", "record"])
    audit.note(acting(watch), "sandbox.watched", watch, watch=str(watch.pk), state=watch.state)
    return watch


@transaction.atomic
def fail(watch: Watch, sentence: str) -> Watch:
    """Note that a test could not be made; it is tried again at the next time."""
    watch.state, watch.findings, watch.tested = Drift.FAILED, {"error": sentence}, timezone.now()
    watch.save(update_fields=["state", "findings", "tested"])
    return watch


@transaction.atomic
def take_due() -> list[Watch]:
    """The watches whose time has come, each given to one caller only, with the next time set."""
    taken = []
    for watch in Watch.objects.filter(ended=None, due__lte=timezone.now()):
        following = max(watch.due, timezone.now()) + timedelta(hours=watch.every_hours)
        if Watch.objects.filter(pk=watch.pk, due=watch.due).update(due=following):
            taken.append(watch)
    return taken


def _report_of(watch: Watch) -> Record | None:
    """The published report of the baseline."""
    return Record.objects.filter(pk=watch.baseline.record_id).first() if watch.baseline.record_id else None


def _body(watch: Watch, run: Run, found: Finding) -> dict[str, Any]:
    """What the record says."""
    from sild.sandbox.engine.drift import METHOD  # noqa: PLC0415 -- as in conclude

    report = _report_of(watch)
    return {
        "solution": _versioned(watch.baseline.solution),
        "suite": _versioned(watch.baseline.suite),
        "report": report.reference if report else None,
        "baseline_run": str(watch.baseline.pk),
        "run": str(run.pk),
        "tested": (run.ended or timezone.now()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "bound": watch.bound,
        "state": found.state,
        "method": METHOD,
        **found.facts,
    }


def _versioned(thing: Any) -> dict[str, str]:
    """A solution or a suite, as a record names it."""
    return {"name": thing.name, "version": thing.version, "digest": thing.digest}
