"""What people do in the sandbox: register solutions, add suites, start, stop and resume runs, publish reports."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sild.exchange import services as exchange
from sild.exchange.models import Record
from sild.people import audit
from sild.people.enums import Right
from sild.sandbox import packages
from sild.sandbox.agreements import Offer
from sild.sandbox.engine import levels, pack, store
from sild.sandbox.engine import solution as solutions
from sild.sandbox.enums import RunState
from sild.sandbox.errors import CheckError, StateError
from sild.sandbox.models import Run, Solution, Suite

if TYPE_CHECKING:
    from sild.exchange.gate import Audience
    from sild.people.actor import Actor

SOLUTION = "sandbox.solution"
REPORT = "sandbox.report"


@transaction.atomic
def register(actor: Actor, folder: Path) -> Solution:
    """Register the solution in a folder; the same content again is the same solution.

    Raises:
        NotAllowedError: the actor may not edit.
        FormError: all that is wrong with its description.
        PackError: its folder cannot be packed.
    """
    actor.require(Right.EDIT)
    loaded = solutions.load(folder)
    found, new = Solution.objects.get_or_create(
        agency=actor.agency,
        digest=loaded.digest,
        origin="",
        defaults={
            "name": loaded.form.name,
            "version": loaded.form.version,
            "description": loaded.form.model_dump(mode="json"),
            "package": packages.keep(folder),
        },
    )
    if new:
        audit.note(actor, "sandbox.register", found, digest=found.digest)
    return found


def register_package(actor: Actor, data: bytes) -> Solution:
    """Register a solution from the ZIP of its folder.

    Raises:
        NotAllowedError, FormError, PackError: as `register`; the package is unpacked as a hostile one would be.
    """
    actor.require(Right.EDIT)
    with tempfile.TemporaryDirectory(prefix="sild-solution-") as folder:
        pack.unpack(data, Path(folder))
        return register(actor, Path(folder))


@transaction.atomic
def publish_solution(actor: Actor, solution: Solution, *, audience: Audience, tlp: str) -> Record:
    """Publish a solution with its package, so that partners can test it; once, then the same record is returned.

    Raises:
        NotAllowedError: the actor may not publish.
        WithheldError: marking and audience contradict each other.
        StateError: it came from a partner, whose it is to publish.
    """
    if solution.origin:
        raise StateError(_("%(node)s published this solution; only it can do so.") % {"node": solution.origin})
    if solution.record_id:
        return exchange.get(actor, str(solution.record_id))
    record = exchange.publish(
        actor,
        kind=SOLUTION,
        subject=str(solution),
        body={"digest": solution.digest, "package": solution.package, "description": solution.description},
        tlp=tlp,
        audience=audience,
        attachments=[packages.draft(solution)],
    )
    solution.record_id = record.pk
    solution.save(update_fields=["record_id"])
    return record


def solution_arrived(record: Record) -> None:
    """Keep the solution that a partner's record describes; it belongs to no agency, so all may test it."""
    body = record.body
    Solution.objects.get_or_create(
        agency=None,
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


@transaction.atomic
def add_suite(actor: Actor, folder: Path) -> Suite:
    """Add the suite in a folder; the same content again is the same suite.

    Raises:
        NotAllowedError: the actor may not edit.
        FormError: all that is wrong with its description and data.
        PackError: its folder cannot be packed.
    """
    actor.require(Right.EDIT)
    from sild.sandbox.engine import suite as suites  # noqa: PLC0415 -- its scorers load numpy, which is slow

    loaded = suites.load(folder)
    description = loaded.form.model_dump(mode="json", exclude={"data": {"inline"}})
    found, new = Suite.objects.get_or_create(
        agency=actor.agency,
        digest=loaded.digest,
        defaults={
            "name": loaded.form.name,
            "version": loaded.form.version,
            "description": description
            | {"thresholds_digest": loaded.thresholds_digest, "data_sha256": loaded.data_sha256},
            "package": packages.keep(folder),
            "samples": len(loaded.samples),
        },
    )
    if new:
        audit.note(actor, "sandbox.add-suite", found, digest=found.digest)
    return found


def add_check(actor: Actor, name: str, language: str) -> Suite:
    """Add one of the checks that come with the product.

    Raises:
        NotAllowedError: the actor may not edit.
        CheckError: there is no such check, or not in that language.
    """
    from sild.sandbox.engine import checks  # noqa: PLC0415 -- as in add_suite

    with tempfile.TemporaryDirectory(prefix="sild-check-") as folder:
        try:
            written = checks.write(name, language, Path(folder) / "suite")
        except ValueError as error:
            raise CheckError(str(error)) from error
        return add_suite(actor, written)


@transaction.atomic
def start_run(actor: Actor, solution: Solution, suite: Suite, *, let_out: bool = False, level: str = "") -> Run:
    """Set up a run, to be executed by a job or at once. Every attempt of the same content on this node is numbered.

    Args:
        actor: who starts it.
        solution: what is tested.
        suite: what it is tested with.
        let_out: whether the solution may reach the places that its description asks for.
        level: of isolation, as in `L2`; empty for the lowest that fits. Whether the host has it is seen when it runs.

    Raises:
        NotAllowedError: the actor may not edit.
        IsolationError: the solution cannot run at that level.
        StateError: the solution or the suite is only what a log of another tool named.
    """
    actor.require(Right.EDIT)
    if solution.description["start"]["protocol"] == "elsewhere" or suite.description["scorer"]["name"] == "inspect":
        raise StateError(_("This came from a log that was taken in; there is nothing here that could be run."))
    form = solution.description
    levels.fitting(level, solutions.Start.model_validate(form["start"]), form["limits"].get("gpus", 0))
    earlier = Run.objects.filter(solution__digest=solution.digest, suite__digest=suite.digest)
    run = Run.objects.create(
        agency=actor.agency,
        solution=solution,
        suite=suite,
        attempt=earlier.count() + 1,
        total=_total(suite),
        started_by=actor.who,
        let_out=let_out,
        level=level,
    )
    audit.note(
        actor,
        "sandbox.start-run",
        run,
        let_out=let_out,
        level=level,
        run=str(run.pk),
        thresholds=suite.description["thresholds_digest"],
    )
    return run


def _total(suite: Suite) -> int:
    """How many questions a run on a suite asks; suites that were added earlier have no examples and no repeats."""
    told = suite.description
    asked = suite.samples - len(set(told.get("solver", {}).get("examples", [])))
    return min(told["limit"] or asked, asked) * int(told.get("repeats", 1))


@transaction.atomic
def cancel_run(actor: Actor, run: Run) -> Run:
    """Stop a run; what is finished is kept and the run can be resumed.

    Raises:
        NotAllowedError: the actor may not edit.
        StateError: it is over.
    """
    actor.require(Right.EDIT)
    if run.is_over:
        raise StateError(_("This run is over: there is nothing to cancel."))
    # One that nobody executes ends at once; the process that executes one looks at `stopping` twice a second.
    run.stopping = True
    if run.state == RunState.WAITING:
        run.state, run.ended = RunState.CANCELLED, timezone.now()
    run.save(update_fields=["stopping", "state", "ended"])
    audit.note(actor, "sandbox.cancel-run", run, run=str(run.pk))
    return run


@transaction.atomic
def resume_run(actor: Actor, run: Run) -> Run:
    """Let a run that was cancelled, failed or was interrupted go on where it stopped.

    Raises:
        NotAllowedError: the actor may not edit.
        StateError: it is finished.
    """
    actor.require(Right.EDIT)
    if run.state == RunState.FINISHED:
        raise StateError(_("This run is finished. Start another attempt instead."))
    run.state, run.stopping, run.error, run.ended = RunState.WAITING, False, "", None
    run.save(update_fields=["state", "stopping", "error", "ended"])
    audit.note(actor, "sandbox.resume-run", run, run=str(run.pk))
    return run


def require_open(run: Run) -> None:
    """Refuse to tell partners of a run on a sealed suite by anything but the answer to a request.

    Raises:
        StateError: the suite is sealed.
    """
    if Offer.objects.filter(suite__digest=run.suite.digest).exists():
        raise StateError(_("This suite is sealed: its reports hold outputs and stay here. Answer a request instead."))


@transaction.atomic
def publish_report(actor: Actor, run: Run, *, audience: Audience, tlp: str) -> Record:
    """Publish a finished run's report; it answers the record by which the solution came, if it came by one.

    Raises:
        NotAllowedError: the actor may not publish.
        StateError: the run has no report, or it was published already.
        WithheldError: marking and audience contradict each other.
    """
    if run.report is None:
        raise StateError(_("This run has no report yet."))
    require_open(run)
    if run.record_id:
        raise StateError(_("This report was published already, as record %(id)s.") % {"id": run.record_id})
    from sild.sandbox.engine import redact  # noqa: PLC0415 -- its finder loads the scorers and numpy, which is slow

    record = exchange.publish(
        actor,
        kind=REPORT,
        subject=str(run.solution),
        body=redact.report(run.report, redaction_key(run)),
        tlp=tlp,
        audience=audience,
        answers=Record.objects.filter(pk=run.solution.record_id).first() if run.solution.record_id else None,
    )
    run.record_id = record.pk
    run.save(update_fields=["record_id"])
    return record


def results_folder(run: Run, home: Path) -> Path:
    """The folder with the results of a finished run's samples.

    Raises:
        StateError: the run has none, or they are on another machine.
    """
    folder = run.folder(home)
    if run.report is None or not (folder / store.FILE).exists():
        raise StateError(_("The results of this run's samples are not on this machine."))
    return folder


def redaction_key(run: Run) -> bytes:
    """The key under which texts of this run with personal data are shown as digests; made when it is first needed."""
    path = run.folder(settings.CONFIG.home) / "redaction.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            suppress(FileExistsError),
            os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        ):
            file.write(secrets.token_bytes(32))
    return path.read_bytes()
