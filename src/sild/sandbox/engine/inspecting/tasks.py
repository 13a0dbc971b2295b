"""Runs a task of Inspect's here: our solution is the model, our isolation the sandbox of its commands."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from sild.sandbox.engine import default_isolation, probe
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.inspecting import logs
from sild.sandbox.engine.solution import packages

if TYPE_CHECKING:
    from pathlib import Path

    from sild.sandbox.engine.inspecting.logs import Log
    from sild.sandbox.engine.inspecting.model import Answering, SildModel
    from sild.sandbox.engine.solution import Solution

ENDED_BY_US = "ended by the node"


class TaskError(SandboxError):
    """The task cannot be run, or did not come to its end."""

    code = "inspect-task"


def run_task(solution: Solution, task: str, folder: Path, *, images: bool = False) -> tuple[Log, dict[str, Any]]:
    """Evaluate a task with a solution.

    Args:
        solution: as it was read.
        task: as `inspect eval` takes it: `file.py`, `file.py@task`, or `inspect_evals/gsm8k`.
        folder: new; Inspect's log is kept in it.
        images: whether the task's commands run in the images that it asks for, at level L2, instead of on the host's
            programs at level L1.

    Returns:
        the log, and what `evidence.report` says of how it ran here.

    Raises:
        TaskError: Inspect is not installed, there is no such task, or it failed.
    """
    try:
        from inspect_ai import eval as evaluate  # noqa: PLC0415 -- an extra, and slow
        from inspect_ai.model import get_model  # noqa: PLC0415

        from sild.sandbox.engine.inspecting import registry  # noqa: F401, PLC0415 -- registers what Inspect looks for
    except ImportError as error:
        raise TaskError("Inspect is not installed. Install it: pip install sild[inspect]") from error
    model = get_model(f"sild/{solution.form.name}", folder=str(solution.folder), memoize=False)
    api = cast("SildModel", model.api)
    try:
        (log,) = evaluate(
            task,
            model=model,
            sandbox="sild-images" if images else "sild",
            log_dir=str(folder),
            log_format="eval",
            display="none",
            score_display=False,
        )
    except (Exception, SystemExit) as error:  # whatever a task's own code raises
        raise TaskError(f"The task {task} cannot be run: {type(error).__name__}: {error}") from error
    finally:
        api.close()
    if log.status != "success":
        raise TaskError(
            f"The task {task} ended with {log.status}: {log.error.message if log.error else 'no reason given'}"
        )
    (file,) = folder.glob("*.eval")
    here = _here(solution, api.answering)
    if images:
        _with_machines(here)
    return logs.read(file), here


def _with_machines(here: dict[str, Any]) -> None:
    """Add what isolated the task's own commands: another level, proved by attempts of its own."""
    from sild.sandbox.engine.inspecting.images import proved  # noqa: PLC0415 -- an extra
    from sild.sandbox.engine.pods import proof  # noqa: PLC0415

    checks = probe.as_dicts(proved())
    detail = f"level L2, {proof.backend()}, all of a sample in one kernel of gVisor's"
    here["isolation"]["measures"].append({"name": "task machines", "ok": True, "detail": detail})
    tried = "; ".join(f"{one['name']}: {one['detail']}" for one in checks)
    here["confinement"].append({"name": proof.MACHINES, "ok": all(one["ok"] for one in checks), "detail": tried[:1000]})


def _here(solution: Solution, answering: Answering | None) -> dict[str, Any]:
    """How it ran: isolation, self-test, what the solution used; what the task's own sandboxes used is not counted."""
    isolation = default_isolation()
    measures = [
        {"name": finding.name, "ok": finding.ok, "detail": finding.detail.split(" (/")[0]}
        for finding in isolation.available()
    ]
    usage = answering.usage if answering else None
    used = asdict(usage) if usage else {}
    names = ("peak_memory_bytes", "peak_processes", "scratch_bytes", "scratch_files")
    stopped = used.get("stopped_by", "")
    return {
        "packages": packages(solution.form),
        "isolation": {"level": isolation.level, "backend": isolation.backend, "measures": measures},
        "confinement": probe.as_dicts(answering.checks if answering else []),
        "resources": {
            **{name: used.get(name, 0) for name in names},
            **{name: round(used.get(name, 0.0), 3) for name in ("wall_seconds", "cpu_seconds")},
            "exit": 0 if stopped == ENDED_BY_US else used.get("exit", 0),
            "stopped_by": "" if stopped == ENDED_BY_US else stopped,
            "output_bytes": 0,
            "error_output_bytes": 0,
            "error_output": "",
            "method": "the solution's processes together; what commands of the task used is not counted",
        },
    }
