"""Evidence that other tools made: logs of Inspect taken in as finished runs, and Inspect's tasks run here."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sild.people import audit
from sild.people.enums import Right
from sild.sandbox import packages
from sild.sandbox.engine import solution as solutions
from sild.sandbox.engine.inspecting import evidence, logs, tasks
from sild.sandbox.enums import RunState
from sild.sandbox.errors import StateError
from sild.sandbox.models import Run, Solution, Suite
from sild.trust import folder as folders

if TYPE_CHECKING:
    from sild.people.actor import Actor

ELSEWHERE = "elsewhere"


@transaction.atomic
def import_inspect(actor: Actor, path: Path, *, at_least: float | None = None) -> Run:
    """Take in a log of Inspect as a finished run, marked as made elsewhere; the same log again is the same run.

    Args:
        actor: who takes it in.
        path: the `.eval` file, which may come from anywhere.
        at_least: what the main figure must reach; without it nothing is said to be passed.

    Raises:
        NotAllowedError: the actor may not edit.
        LogError: it cannot be read, or is hostile.
        StateError: its evaluation did not come to an end.
    """
    actor.require(Right.EDIT)
    log = logs.read(path)
    if not log.samples:
        raise StateError(_("The log holds no samples, so there is nothing to take in."))
    tested = _keep(actor, Solution, evidence.model_form(log) | {"start": {"protocol": ELSEWHERE, "command": []}})
    part = {key: value for key, value in tested.description.items() if key != "start"}
    part |= {"digest": tested.digest, "protocol": ELSEWHERE, "packages": {}}
    for earlier in Run.objects.filter(agency=actor.agency, solution=tested, report__made_by__log_sha256=log.sha256):
        if [one["at_least"] for one in (earlier.report or {})["verdicts"]] == ([] if at_least is None else [at_least]):
            return earlier
    return _finish(actor, log, tested, part, at_least, None)


def run_inspect(
    actor: Actor, tested: Solution, task: str, *, at_least: float | None = None, images: bool = False
) -> Run:
    """Run a task of Inspect's with a solution, here and now, in our isolation.

    Args:
        actor: who runs it.
        tested: the solution, which is the model.
        task: as `inspect eval` takes it; its own Python code is trusted and runs in this process.
        at_least: as in `import_inspect`.
        images: whether its commands run in the images that it asks for (level L2).

    Raises:
        NotAllowedError: the actor may not edit.
        TaskError: it cannot be run, or failed; nothing is kept.
    """
    actor.require(Right.EDIT)
    with tempfile.TemporaryDirectory(prefix="sild-inspect-") as folder:
        packages.take_out(tested, Path(folder, "solution"))
        log, here = tasks.run_task(solutions.load(Path(folder, "solution")), task, Path(folder, "logs"), images=images)
    form = tested.description
    part = {key: value for key, value in form.items() if key not in {"start", "runtime", "egress"}}
    part |= {"digest": tested.digest, "protocol": form["start"]["protocol"], "packages": here.pop("packages")}
    return _finish(actor, log, tested, part, at_least, here)


@transaction.atomic
def _finish(
    actor: Actor,
    log: logs.Log,
    tested: Solution,
    part: dict[str, Any],
    at_least: float | None,
    here: dict[str, Any] | None,
) -> Run:
    """The run with its report and results."""
    suite = _keep(actor, Suite, _suite(log), data=evidence.asked(log), samples=len(log.samples))
    earlier = Run.objects.filter(solution__digest=tested.digest, suite__digest=suite.digest).count()
    run = Run(pk=uuid.uuid4(), agency=actor.agency, solution=tested, suite=suite, attempt=earlier + 1)
    folder = run.folder(settings.CONFIG.home)
    folder.mkdir(parents=True)
    run.report = evidence.report(
        log, folder, run=str(run.pk), attempt=run.attempt, solution=part, at_least=at_least, here=here
    )
    run.state, run.started_by, run.ended = RunState.FINISHED, actor.who, timezone.now()
    run.done = run.total = run.report["samples"]
    run.save(force_insert=True)
    audit.note(actor, "sandbox.import-inspect", run, run=str(run.pk), log=log.sha256)
    return run


def _suite(log: logs.Log) -> dict[str, Any]:
    """The description of a suite that is a task of Inspect's."""
    return evidence.suite_form(log) | {"thresholds": [], "thresholds_digest": evidence.digest([])}


def _keep(actor: Actor, model: Any, form: dict[str, Any], **more: Any) -> Any:
    """The row for a model or task that the log names; what is known of it is its package."""
    data = more.pop("data", None)
    with tempfile.TemporaryDirectory(prefix="sild-inspect-") as folder:
        Path(folder, "inspect.json").write_bytes(orjson.dumps(form, option=orjson.OPT_SORT_KEYS))
        if data is not None:
            lines = b"".join(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) + b"\n" for one in data)
            Path(folder, "data.jsonl").write_bytes(lines)
        found, _new = model.objects.get_or_create(
            agency=actor.agency,
            digest=folders.digest(Path(folder)),
            **({"origin": ""} if model is Solution else {}),
            defaults={
                "name": form["name"],
                "version": form["version"],
                "description": form,
                "package": packages.keep(Path(folder)),
                **more,
            },
        )
    return found
