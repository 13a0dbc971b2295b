"""Sealed suites: offered to partners, whose solutions are tested here, and who learn figures and no items."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import blobs, gate
from sild.exchange import services as exchange
from sild.exchange.models import Record
from sild.people import audit
from sild.people.enums import Right
from sild.sandbox import packages, services
from sild.sandbox.agreements import Offer, Request
from sild.sandbox.enums import RequestState, RunState
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.models import Run, Solution, Suite

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from sild.exchange.gate import Audience
    from sild.people.actor import Actor

OFFER = "sandbox.offer"
REQUEST = "sandbox.request"
ANSWER = "sandbox.sealed-report"
SUBMISSIONS = 5
SMALLEST = 10


@transaction.atomic
def offer(
    actor: Actor,
    suite: Suite,
    *,
    audience: Audience,
    tlp: str,
    submissions: int = SUBMISSIONS,
    smallest: int = SMALLEST,
) -> Offer:
    """Seal a suite and offer it: partners may have solutions tested on it, `submissions` times each.

    Raises:
        NotAllowedError: the actor may not edit or publish.
        StateError: it is sealed already, a report on it was published, it is too small, or a threshold asks for a
            group that is never shown.
        WithheldError: marking and audience contradict each other.
    """
    actor.require(Right.EDIT)
    _require_sealable(suite, smallest)
    body = {
        "suite": _described(suite),
        "thresholds": suite.description["thresholds"],
        "submissions": submissions,
        "smallest": smallest,
    }
    record = exchange.publish(actor, kind=OFFER, subject=str(suite), body=body, tlp=tlp, audience=audience)
    made = Offer.objects.create(
        agency=actor.agency, suite=suite, record_id=record.pk, submissions=submissions, smallest=smallest
    )
    audit.note(actor, "sandbox.seal", made, suite=suite.digest, record=str(record.pk))
    return made


@transaction.atomic
def request(actor: Actor, solution: Solution, offered: Record, *, tlp: str = "AMBER") -> Record:
    """Ask the owner of a sealed suite to test a solution of ours; its package goes to that node alone.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: the record is no offer of a partner.
    """
    if offered.kind != OFFER or offered.is_own:
        raise StateError(_("%(id)s is no partner's offer of a sealed suite.") % {"id": offered.pk})
    body = {
        "suite": offered.body["suite"]["digest"],
        "solution": {"digest": solution.digest, "package": solution.package, "description": solution.description},
    }
    return exchange.publish(
        actor,
        kind=REQUEST,
        subject=str(solution),
        body=body,
        tlp=tlp,
        audience=[offered.issuer],
        answers=offered,
        attachments=[packages.draft(solution)],
    )


def request_arrived(record: Record) -> None:
    """Keep a partner's request for people to decide on; one over the limit is decided already.

    One that answers no offer of ours, or one that the partner cannot know, is left alone.
    """
    if record.answers_id is None:
        return
    found = Offer.objects.select_for_update().filter(record_id=record.answers_id).first()
    offered = Record.objects.filter(pk=record.answers_id).first()
    if not found or not offered or not gate.may_know(offered, record.issuer):
        return
    if record.body["suite"] != found.suite.digest:
        return
    over = found.requests.filter(origin=record.issuer).count() >= found.submissions
    Request.objects.create(
        offer=found,
        solution=_solution(found, record),
        origin=record.issuer,
        record_id=record.pk,
        state=RequestState.OVER if over else RequestState.WAITING,
    )


@transaction.atomic
def accept(actor: Actor, asked: Request) -> Run:
    """Set up the run that a partner asked for; to be executed by a job or at once.

    Raises:
        NotAllowedError: the actor may not edit.
        StateError: it was decided already.
    """
    actor.require(Right.EDIT)
    _require(asked, RequestState.WAITING)
    run = services.start_run(actor, asked.solution, asked.offer.suite)
    asked.run, asked.state = run, RequestState.ACCEPTED
    asked.save(update_fields=["run", "state"])
    audit.note(actor, "sandbox.accept-request", asked, run=str(run.pk))
    return run


@transaction.atomic
def decline(actor: Actor, asked: Request) -> Request:
    """Decline a partner's request; it counts as a submission, since nobody knows what asking alone can tell.

    Raises:
        NotAllowedError: the actor may not edit.
        StateError: it was decided already.
    """
    actor.require(Right.EDIT)
    _require(asked, RequestState.WAITING)
    asked.state = RequestState.DECLINED
    asked.save(update_fields=["state"])
    audit.note(actor, "sandbox.decline-request", asked)
    return asked


@transaction.atomic
def answer(actor: Actor, asked: Request) -> Record:
    """Send the partner what it may know: figures, or that there are none, with a code and no sentence.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: it waits for a decision or for its run, or was answered.
    """
    if asked.state in {RequestState.WAITING, RequestState.ANSWERED}:
        raise StateError(_("This request waits for a decision, or was answered already."))
    record = exchange.publish(
        actor,
        kind=ANSWER,
        subject=str(asked.solution),
        body=_answer(asked),
        tlp="AMBER",
        audience=[asked.origin],
        answers=Record.objects.get(pk=asked.record_id),
    )
    asked.answer_id, asked.state = record.pk, RequestState.ANSWERED
    asked.save(update_fields=["answer_id", "state"])
    return record


def find(actor: Actor, request_id: str) -> Request:
    """A request on a sealed suite of the actor's agency, by its id or its record's.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    actor.require(Right.VIEW)
    for one in requests(actor):
        if request_id in {str(one.pk), str(one.record_id)}:
            return one
    raise NotFoundError(_("There is no request “%(id)s” here. See: sild sandbox sealed requests") % {"id": request_id})


def requests(actor: Actor) -> QuerySet[Request]:
    """All requests on sealed suites of the actor's agency, newest first."""
    offers = actor.visible(Offer.objects.all())
    return Request.objects.filter(offer__in=offers).select_related("offer__suite", "solution", "run")


def _answer(asked: Request) -> dict[str, Any]:
    """The body of the answer."""
    from sild.sandbox.engine import sealed  # noqa: PLC0415 -- its forms load numpy, which is slow
    from sild.sandbox.engine.report import STATEMENT  # noqa: PLC0415

    run, suite = asked.run, asked.offer.suite
    if asked.state == RequestState.ACCEPTED and run and not run.is_over:
        raise StateError(_("The run is not finished yet."))
    report = run.report if run is not None and run.state == RunState.FINISHED else None
    reasons = {RequestState.OVER: "limit", RequestState.DECLINED: "declined"}
    opening = bytes.fromhex(asked.opening)
    earlier = asked.offer.requests.filter(origin=asked.origin, created__lte=asked.created)
    return {
        "schema": 1,
        "statement": STATEMENT,
        "suite": suite.digest,
        "thresholds_digest": suite.description["thresholds_digest"],
        "solution": asked.solution.digest,
        "submission": earlier.count(),
        "submissions": asked.offer.submissions,
        "outcome": sealed.outcome(report, asked.offer.smallest, opening) if report else None,
        "reason": None if report else reasons.get(RequestState(asked.state), "failed"),
    }


def _described(suite: Suite) -> dict[str, Any]:
    """What partners see of a sealed suite: nothing that was written about single items."""
    sheet = suite.description["datasheet"]
    languages = sheet["language"]
    return {
        "name": suite.name,
        "version": suite.version,
        "digest": suite.digest,
        "title": suite.description["title"],
        "scorer": suite.description["scorer"]["name"],
        "languages": [languages] if isinstance(languages, str) else languages,
        "licence": sheet["licence"],
        "samples": suite.samples,
        "thresholds_digest": suite.description["thresholds_digest"],
    }


def _require_sealable(suite: Suite, smallest: int) -> None:
    """Refuse what would not stay sealed."""
    from sild.sandbox.engine import sealed  # noqa: PLC0415 -- as in _answer
    from sild.sandbox.engine import suite as suites  # noqa: PLC0415

    if Offer.objects.filter(suite__digest=suite.digest).exists():
        raise StateError(_("This suite is sealed already."))
    if Run.objects.filter(suite__digest=suite.digest, record_id__isnull=False).exists():
        raise StateError(_("A report on this suite was published, so it is sealed no more."))
    if suite.description.get("grader"):
        raise StateError(_("A grader would be shown the items, so a graded suite cannot be sealed."))
    with tempfile.TemporaryDirectory(prefix="sild-sealed-") as folder:
        packages.take_out(suite, Path(folder) / "suite")
        loaded = suites.load(Path(folder) / "suite")
    asked = [loaded.samples[position] for position in loaded.chosen]
    if len(asked) < smallest:
        raise StateError(_("The suite has fewer items than the smallest group that is shown."))
    groups = Counter(f"{kind}={value}" for sample in asked for kind, value in sample.slices.items())
    hidden = sealed.small(dict(groups), len(asked), smallest)
    for threshold in loaded.form.thresholds:
        if threshold.slice in hidden:
            raise StateError(
                _("A threshold asks for the group %(group)s, which is too small to be shown.")
                % {"group": threshold.slice}
            )


def _require(asked: Request, state: RequestState) -> None:
    """Ask for a state."""
    if asked.state != state:
        raise StateError(_("This request was decided already."))


def _solution(found: Offer, record: Record) -> Solution:
    """The solution that a request brings; it is for the offer's agency alone."""
    body = record.body["solution"]
    row, _new = Solution.objects.get_or_create(
        agency=found.agency,
        digest=body["digest"],
        origin=record.issuer,
        defaults={
            "name": body["description"]["name"],
            "version": body["description"]["version"],
            "description": body["description"],
            "package": body["package"],
            "record_id": record.pk,
        },
    )
    return row


def package_is_here(asked: Request) -> bool:
    """Whether the solution's package was fetched."""
    return blobs.has(asked.solution.package)
