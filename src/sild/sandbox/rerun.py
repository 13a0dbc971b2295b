"""Mutual recognition: a partner runs a random choice of a report's samples again, and countersigns or disputes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import services as exchange
from sild.exchange.models import Record
from sild.people import audit
from sild.people.actor import Actor
from sild.people.enums import Right, Role
from sild.sandbox.enums import RerunState, Side
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.evidence_models import Rerun
from sild.sandbox.models import Run
from sild.sandbox.services import REPORT, results_folder

if TYPE_CHECKING:
    from sild.sandbox.engine.draw import Difference

REQUEST, ANSWER, OUTCOME = "sandbox.rerun.request", "sandbox.rerun.answer", "sandbox.rerun.outcome"
SHOWN, VERDICT = "sandbox.rerun.shown", "sandbox.rerun.verdict"
SAMPLES = 20
MOST = 10_000
# After so long without an outcome, another request may be answered.
PATIENCE = timedelta(days=30)


def find(actor: Actor, rerun_id: str) -> Rerun:
    """The re-run of that id.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    actor.require(Right.VIEW)
    found = actor.visible(Rerun.objects.select_related("report")).filter(pk=rerun_id).first()
    if found is None:
        raise NotFoundError(_("There is no re-run “%(id)s” here.") % {"id": rerun_id})
    return found


@transaction.atomic
def request(actor: Actor, report: Record, samples: int = SAMPLES) -> Rerun:
    """Ask a partner for a draw of its report's samples, committing to a secret that nobody else knows yet.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: it is no partner's report, it is withdrawn, or the number of samples is out of range.
    """
    actor.require(Right.PUBLISH)
    if report.kind != REPORT or report.is_own or report.withdrawn:
        raise StateError(_("Only a partner's report, not withdrawn, can be run again here."))
    if not 1 <= samples <= min(MOST, report.body["results"]["leaves"]):
        raise StateError(
            _("The report has %(n)d samples; ask for some of them.") % {"n": report.body["results"]["leaves"]}
        )
    from sild.sandbox.engine import draw  # noqa: PLC0415 -- the engine loads numpy, which is slow

    secret = draw.random_hex()
    body = {
        "report": report.reference,
        "commitment": draw.commitment(report.hash, secret),
        "samples": samples,
        "attempt": 1 + Rerun.objects.filter(report=report, side=Side.CHECKING).count(),
    }
    record = _publish(actor, REQUEST, report, body, report.issuer, answers=report)
    return Rerun.objects.create(
        agency=actor.agency,
        side=Side.CHECKING,
        partner=report.issuer,
        report=report,
        samples=samples,
        secret=secret,
        request=record,
        started_by=actor.who,
    )


def request_arrived(record: Record) -> None:
    """Keep a partner's request for a draw of one of our reports."""
    report = _named(record.body["report"])
    if report is None or not report.is_own or report.kind != REPORT:
        return
    Rerun.objects.create(
        agency=report.agency,
        side=Side.CHECKED,
        partner=record.issuer,
        report=report,
        samples=min(record.body["samples"], report.body["results"]["leaves"]),
        request=record,
    )


@transaction.atomic
def answer(actor: Actor, rerun: Rerun) -> Rerun:
    """Answer a request with random bytes of our own, which fixes the draw.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: it is not ours to answer, it was answered, or the partner owes us the outcome of an earlier draw:
            whoever could draw again and again would choose.
    """
    actor.require(Right.PUBLISH)
    _expect(rerun, Side.CHECKED, RerunState.ASKED)
    open_ones = Rerun.objects.filter(side=Side.CHECKED, report=rerun.report, partner=rerun.partner)
    for earlier in open_ones.filter(state=RerunState.ANSWERED).select_related("answer"):
        if earlier.answer and rerun.created - earlier.answer.issued < PATIENCE:
            raise StateError(
                _("%(node)s has not told the outcome of an earlier draw from this report.") % {"node": rerun.partner}
            )
    from sild.sandbox.engine import draw  # noqa: PLC0415 -- as in request

    assert rerun.request is not None  # what a re-run of this side begins with
    body = {"report": rerun.report.reference, "request": rerun.request.reference, "random": draw.random_hex()}
    rerun.answer = _publish(actor, ANSWER, rerun.report, body, rerun.partner, answers=rerun.request)
    return _step(rerun, RerunState.ANSWERED, "answer")


def answer_arrived(record: Record) -> None:
    """Keep the first answer to a request of ours; a second one changes nothing."""
    rerun = _waiting(Side.CHECKING, RerunState.ASKED, record, request_id=record.body["request"]["id"])
    if rerun is not None and rerun.request and record.body["request"] == rerun.request.reference:
        rerun.answer = record
        _step(rerun, RerunState.ANSWERED, "answer")


def outcome_arrived(record: Record) -> None:
    """Keep what came of the draw; one that does not keep to what was agreed is kept with what is wrong."""
    from sild.sandbox.engine import draw  # noqa: PLC0415 -- as in request

    body = record.body
    rerun = _waiting(Side.CHECKED, RerunState.ANSWERED, record, request_id=body["request"]["id"])
    if rerun is None or rerun.request is None or rerun.answer is None:
        return
    agreed = (
        body["report"] == rerun.report.reference
        and body["request"] == rerun.request.reference
        and body["answer"] == rerun.answer.reference
        and body["random"] == rerun.answer.body["random"]
        and draw.commitment(rerun.report.hash, body["secret"]) == rerun.request.body["commitment"]
        and body["leaves"] == rerun.report.body["results"]["leaves"]
        and len(body["samples"]) == rerun.samples
    )
    rerun.outcome = record
    rerun.error = "" if agreed else _("The outcome is of another draw than the one that was agreed.")
    _step(rerun, RerunState.TESTED, "outcome", "error")


@transaction.atomic
def show(actor: Actor, rerun: Rerun) -> Rerun:
    """Show the original results of the drawn samples, each with its proof; outputs with personal data stay here.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: the outcome has not come, is of another draw, or the results are not on this machine.
    """
    actor.require(Right.PUBLISH)
    _expect(rerun, Side.CHECKED, RerunState.TESTED)
    if rerun.error:
        raise StateError(rerun.error)
    from sild.sandbox import results  # noqa: PLC0415 -- as in request
    from sild.sandbox.engine import redact, samples  # noqa: PLC0415

    run = Run.objects.select_related("suite").filter(record_id=rerun.report.pk).first()
    if run is None:
        raise StateError(_("The run of this report is not on this node."))
    results_folder(run, settings.CONFIG.home)
    assert rerun.outcome is not None  # the state says so
    drawn = {one["index"] for one in rerun.outcome.body["samples"]}
    kinds = {index: redact.withheld(one) for index, one in enumerate(results.of(run)) if index in drawn}
    proofs = samples.prove_some(results.of(run), kinds)
    body = {"report": rerun.report.reference, "outcome": rerun.outcome.reference, "samples": proofs}
    rerun.shown = _publish(actor, SHOWN, rerun.report, body, rerun.partner, answers=rerun.outcome)
    return _step(rerun, RerunState.SHOWN, "shown")


def shown_arrived(record: Record) -> None:
    """Compare what the partner shows with what we measured."""
    rerun = _waiting(Side.CHECKING, RerunState.TESTED, record, outcome_id=record.body["outcome"]["id"])
    if rerun is not None:
        rerun.shown = record
        rerun.differences = [one.facts for one in _compare(rerun, record.body["samples"])]
        _step(rerun, RerunState.SHOWN, "shown", "differences")


@transaction.atomic
def judge(actor: Actor, rerun: Rerun, *, countersign: bool, comment: str = "") -> Rerun:
    """Countersign or dispute, with the differences listed.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: there is nothing to judge yet, what was shown is not proved, or no reason is given.
    """
    actor.require(Right.PUBLISH)
    if countersign or rerun.state != RerunState.TESTED:
        _expect(rerun, Side.CHECKING, RerunState.SHOWN)
    else:
        _expect(rerun, Side.CHECKING, RerunState.TESTED)
        rerun.differences = [one.facts for one in _compare(rerun, [])]
    if countersign and any(one["what"] == "proof" for one in rerun.differences):
        raise StateError(_("Some results do not belong to the report. That cannot be countersigned."))
    if not comment and (rerun.differences or not countersign):
        raise StateError(_("Say why, since there are differences or you dispute."))
    from sild.sandbox.rerun_bodies import METHOD, STATEMENT  # noqa: PLC0415 -- as in request

    assert rerun.outcome is not None  # the state says so
    body = {
        "report": rerun.report.reference,
        "outcome": rerun.outcome.reference,
        "shown": rerun.shown.reference if rerun.shown else None,
        "verdict": "countersigned" if countersign else "disputed",
        "samples": rerun.samples,
        "equal": rerun.samples - len(rerun.differences),
        "differences": rerun.differences,
        "comment": comment,
        "method": METHOD,
        "statement": STATEMENT,
    }
    rerun.verdict = _publish(actor, VERDICT, rerun.report, body, rerun.partner, answers=rerun.report)
    return _step(rerun, RerunState(body["verdict"]), "verdict", "differences")


def verdict_arrived(record: Record) -> None:
    """Keep the partner's word on one of our reports."""
    states = (RerunState.TESTED, RerunState.SHOWN)
    rerun = Rerun.objects.filter(
        side=Side.CHECKED, partner=record.issuer, state__in=states, outcome_id=record.body["outcome"]["id"]
    ).first()
    if rerun is not None:
        rerun.verdict, rerun.differences = record, record.body["differences"]
        _step(rerun, RerunState(record.body["verdict"]), "verdict", "differences")


def acting(rerun: Rerun) -> Actor:
    """Who tells the outcome of a re-run: whoever asked for it, who might publish then, by the job."""
    if rerun.agency is None:
        return Actor.operator("job")
    return Actor(who=rerun.started_by or rerun.partner, role=Role.PUBLISHER, agency=rerun.agency, via="job")


def tell(rerun: Rerun, body: dict[str, Any]) -> Rerun:
    """Publish what came of our run, before the partner shows its own."""
    assert rerun.answer is not None  # there is no draw without it
    rerun.outcome = _publish(acting(rerun), OUTCOME, rerun.report, body, rerun.partner, answers=rerun.answer)
    rerun.error = ""
    return _step(rerun, RerunState.TESTED, "outcome", "error")


def _compare(rerun: Rerun, proofs: list[dict[str, Any]]) -> list[Difference]:
    """Our results against those that were proved; what was not proved is a difference by itself."""
    from sild.sandbox.engine import draw, samples  # noqa: PLC0415 -- as in request
    from sild.sandbox.engine.errors import SandboxError  # noqa: PLC0415
    from sild.sandbox.engine.result import Result  # noqa: PLC0415
    from sild.sandbox.rerun_execution import own_results  # noqa: PLC0415 -- it calls this module

    results = rerun.report.body["results"]
    theirs: dict[int, Result | None] = {}
    for proof in proofs:
        try:
            line = samples.check(proof, results["root"], results["leaves"])
            theirs[int(proof["index"])] = Result.parse(line.encode())
        except (SandboxError, KeyError, ValueError, TypeError):
            continue
    open_ones = [int(proof["index"]) for proof in proofs if "line" in proof and isinstance(proof.get("index"), int)]
    ours = own_results(rerun)
    return draw.differences({index: theirs.get(index) for index in ours}, ours, open_ones)


def _publish(
    actor: Actor, kind: str, report: Record, body: dict[str, Any], partner: str, *, answers: Record | None
) -> Record:
    """A record to the other side, marked as the report is."""
    return exchange.publish(
        actor, kind=kind, subject=report.subject, body=body, tlp=report.tlp, audience=[partner], answers=answers
    )


def _named(reference: dict[str, str]) -> Record | None:
    """The record that a reference names by id and hash, if it is here."""
    return Record.objects.filter(pk=reference["id"], hash=reference["hash"]).first()


def _waiting(side: Side, state: RerunState, record: Record, **which: str) -> Rerun | None:
    """The re-run with this partner that waits for a record like this one."""
    rows = Rerun.objects.select_related("report", "request", "answer", "outcome")
    return rows.filter(side=side, state=state, partner=record.issuer, **which).first()


def _expect(rerun: Rerun, side: Side, state: RerunState) -> None:
    """Refuse what is not this side's turn."""
    if rerun.side != side or rerun.state != state:
        raise StateError(
            _("This re-run is in the state “%(state)s”, in which this cannot be done here.")
            % {"state": rerun.get_state_display()}
        )


def _step(rerun: Rerun, state: RerunState, *fields: str) -> Rerun:
    """Note where the re-run stands now."""
    rerun.state = state
    rerun.save(update_fields=["state", *fields])
    audit.note(acting(rerun), "sandbox.rerun", rerun, rerun=str(rerun.pk), state=state.value)
    return rerun
