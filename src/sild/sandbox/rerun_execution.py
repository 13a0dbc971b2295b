"""Running a report's drawn samples again, in this node's own sandbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django_tasks import task

from sild.people.enums import Right
from sild.sandbox import packages, rerun
from sild.sandbox.engine import draw, levels, runner
from sild.sandbox.engine import solution as solutions
from sild.sandbox.engine import suite as suites
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.reading import kept_results
from sild.sandbox.enums import RerunState, Side
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.evidence_models import Rerun
from sild.sandbox.models import Solution, Suite

if TYPE_CHECKING:
    from sild.people.actor import Actor
    from sild.sandbox.engine.result import Result

FINISHED = "finished"


@task()
def run_again(rerun_id: str) -> None:
    """Execute a re-run; how it went is in its row."""
    found = Rerun.objects.select_related("report", "request", "answer").get(pk=rerun_id)
    try:
        execute(found)
    except SandboxError as error:
        Rerun.objects.filter(pk=rerun_id).update(error=str(error))


@transaction.atomic
def start(actor: Actor, found: Rerun) -> Rerun:
    """Leave a re-run to a worker.

    Raises:
        NotAllowedError: the actor may not publish, which the outcome will be.
        StateError: its draw is not fixed, or it was run.
    """
    actor.require(Right.PUBLISH)
    _require_drawn(found)
    run_again.enqueue(str(found.pk))
    return found


def execute(found: Rerun) -> Rerun:
    """Run the drawn samples here and now, keep what came of them, and tell the partner.

    Raises:
        StateError: its draw is not fixed, or it was run.
        NotFoundError: the solution or the suite is not on this node.
        SandboxError: the run failed.
    """
    _require_drawn(found)
    assert found.request is not None
    assert found.answer is not None
    random = found.answer.body["random"]
    seed = draw.seed(found.report.hash, found.request.hash, found.secret, random)
    drawn = draw.draw(seed, found.report.body["results"]["leaves"], found.samples)
    report = _run(found, drawn)
    folder = found.folder(settings.CONFIG.home)
    (folder / FINISHED).write_text(report["results"]["sha256"])
    ours = own_results(found)
    body: dict[str, Any] = {
        "report": found.report.reference,
        "request": found.request.reference,
        "answer": found.answer.reference,
        "random": random,
        "secret": found.secret,
        "seed": seed,
        "leaves": found.report.body["results"]["leaves"],
        "isolation": {name: report["isolation"][name] for name in ("level", "backend")},
        "started": report["started"],
        "ended": report["ended"],
        "sild": report["host"]["sild"],
        "samples": [{"index": index, "leaf": result.leaf().decode()} for index, result in ours.items()],
    }
    return rerun.tell(found, body)


def own_results(found: Rerun) -> dict[int, Result]:
    """What our run measured, by leaf of the partner's report."""
    folder = found.folder(settings.CONFIG.home)
    try:
        sha256 = (folder / FINISHED).read_text()
    except FileNotFoundError as error:
        raise StateError(_("The results of this re-run are not on this machine.")) from error
    assert found.request is not None
    assert found.answer is not None
    seed = draw.seed(found.report.hash, found.request.hash, found.secret, found.answer.body["random"])
    drawn = draw.draw(seed, found.report.body["results"]["leaves"], found.samples)
    return dict(zip(drawn, kept_results(folder, sha256), strict=True))


def _run(found: Rerun, drawn: list[int]) -> dict[str, Any]:
    """Unpack solution and suite, and let the engine run the drawn samples alone."""
    solution, suite = _things(found)
    folder = found.folder(settings.CONFIG.home)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix="unpacked-") as unpacked:
        packages.take_out(solution, Path(unpacked) / "solution")
        packages.take_out(suite, Path(unpacked) / "suite")
        loaded = suites.load(Path(unpacked) / "suite")
        chosen = loaded.chosen
        if len(chosen) != found.report.body["results"]["leaves"]:
            raise StateError(_("The suite has another number of samples than the report."))
        tested = solutions.load(Path(unpacked) / "solution")
        job = runner.Run(
            solution=tested,
            suite=replace(loaded, only=tuple(chosen[index] for index in drawn)),
            folder=folder,
            isolation=levels.isolation("", tested.form.start, tested.form.limits.gpus),
            name=str(found.pk),
        )
        return job.execute()


def _things(found: Rerun) -> tuple[Solution, Suite]:
    """The report's solution and suite, by digest."""
    actor, body = rerun.acting(found), found.report.body
    solution = Solution.objects.visible_to(actor).filter(digest=body["solution"]["digest"]).first()
    suite = Suite.objects.visible_to(actor).filter(digest=body["suite"]["digest"]).first()
    for thing, name in ((solution, "solution"), (suite, "suite")):
        if thing is None:
            part = body[name]
            raise NotFoundError(
                _("%(name)s %(version)s (%(digest)s) is not on this node. Add the same content first.")
                % {"name": part["name"], "version": part["version"], "digest": part["digest"]}
            )
    assert solution is not None
    assert suite is not None
    return solution, suite


def _require_drawn(found: Rerun) -> None:
    """Refuse what has no draw, or was run."""
    if found.side != Side.CHECKING or found.state != RerunState.ANSWERED:
        raise StateError(_("The draw of this re-run is not fixed yet, or it was run already."))
