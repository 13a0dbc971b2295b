"""From an Inspect log to a report of ours and its results, marked with where it was made."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import rfc8785

from sild.sandbox.engine import measure
from sild.sandbox.engine.faults import Faults, harmless
from sild.sandbox.engine.journal import keep
from sild.sandbox.engine.limits import Limits
from sild.sandbox.engine.report import STATEMENT, check
from sild.sandbox.engine.result import Result
from sild.sandbox.engine.runner import _host, _now
from sild.sandbox.engine.scorers.base import Metric, mean, share

if TYPE_CHECKING:
    from pathlib import Path

    from sild.sandbox.engine.inspecting.logs import Log, Sample

TOOL = "Inspect AI"
SLICES = ("language", "group")
_VALUES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}
_CHARACTERS = 20_000
_SEED = 0


def slug(words: str, fallback: str) -> str:
    """A name as ours are: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:63].strip("-") or fallback


def digest(value: Any) -> str:
    """`sha256:` over canonical JSON (RFC 8785)."""
    return "sha256:" + hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def score_of(value: Any) -> float:
    """A score as a number, as Inspect's own `value_to_float` has it; a score of several parts is their mean."""
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return _VALUES[value] if value in _VALUES else float(value)
        except ValueError:
            return 0.0
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return sum(map(score_of, parts)) / len(parts) if parts else 0.0


def model_form(log: Log) -> dict[str, Any]:
    """The model that the log names, described as a solution is; what the log does not say is not made up."""
    told, unknown = log.header.eval, {"en": "Not stated in the log."}
    return {
        "name": slug(told.model, "model"),
        "version": "0",
        "title": {"en": told.model},
        "owner": "not stated",
        "purpose": unknown,
        "intended_use": unknown,
        "languages": ["und"],
        "risk_class": "minimal",
        "limits": Limits().model_dump(),  # the form's; nothing was run under them here
        "trained_on": None,
    }


def suite_form(log: Log) -> dict[str, Any]:
    """The task as a suite's description; its digest is over what it asked and how it scored."""
    told = log.header.eval
    source = told.dataset.name or told.dataset.location or told.task
    return {
        "name": slug(told.task, "task"),
        "version": re.sub(r"[^0-9A-Za-z.+-]+", "-", str(told.task_version)).strip("-")[:40] or "0",
        "title": {"en": told.task},
        "datasheet": {
            "source": f"The dataset {source} of the Inspect task {told.task}."[:2000],
            "licence": "not stated",
            "language": "und",
            "sha256": "",
            "origin": "",
            "notes": "",
        },
        "scorer": {"name": "inspect", "field": log.scorer[:200]},
        "seed": _SEED,
        "limit": None,
    }


def asked(log: Log) -> list[dict[str, Any]]:
    """What the task asked: id, input and target of each sample."""
    return [{"id": one.name, "input": one.input, "target": one.target} for one in log.samples]


def task_digest(log: Log) -> str:
    """Over task, arguments, scorers and samples."""
    told = log.header.eval
    scorers = [one.name for one in told.scorers or []]
    return digest({"task": told.task, "version": str(told.task_version), "scorers": scorers, "samples": asked(log)})


def results(log: Log) -> list[Result]:
    """Each sample's result, with the first scorer's score."""
    return [_result(position, one, log.scorer) for position, one in enumerate(log.samples)]


def _result(position: int, sample: Sample, scorer: str) -> Result:
    """One sample's."""
    given = (sample.scores or {}).get(scorer)
    error = harmless(sample.error.message) or "error" if sample.error else "" if given else "no score"
    return Result(
        position=position,
        sample=sample.name,
        output=None if error else sample.output.completion[:_CHARACTERS],
        error=error,
        score=score_of(given.value) if given and not error else 0.0,
        milliseconds=(sample.total_time or 0.0) * 1000,
        alone=False,
    )


def metrics(log: Log, found: list[Result]) -> list[dict[str, Any]]:
    """Our figures over all samples and by language and group, then those that the log states."""
    groups: dict[str, list[float]] = {"": [one.score for one in found]}
    for sample, one in zip(log.samples, found, strict=True):
        for name in SLICES:
            value = sample.metadata.get(name)
            if isinstance(value, str) and 0 < len(value) <= 100:  # noqa: PLR2004 -- a word, not a text
                groups.setdefault(f"{name}={harmless(value, 100)}", []).append(one.score)
    told = [_figure(scores) | {"slice": name} for name, scores in sorted(groups.items())]
    for stated in log.header.results.scores if log.header.results else []:
        for metric in stated.metrics.values():
            value, name = round(metric.value, 6), f"inspect:{stated.name}/{metric.name}"[:1000]
            bounds = {"value": value, "low": value, "high": value, "n": len(found)}
            told.append({"name": name, "slice": "", **bounds, "method": "as the log states it, without an interval"})
    return [one for one in told if one["value"] == one["value"] and abs(one["value"]) < 1e300]  # noqa: PLR2004 -- NaN and infinity


def _figure(scores: list[float]) -> dict[str, Any]:
    """Accuracy where every score is 0 or 1, else their mean."""
    whole = all(score in {0.0, 1.0} for score in scores)
    made: Metric = share("accuracy", scores) if whole else mean("mean_score", scores, _SEED)
    told = {"name": made.name, "n": made.n, "method": made.method}
    return told | {key: round(float(getattr(made, key)), 6) for key in ("value", "low", "high")}


def report(
    log: Log,
    folder: Path,
    *,
    run: str,
    attempt: int,
    solution: dict[str, Any],
    at_least: float | None = None,
    here: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the results into the run's folder and put the report together; `report.check` accepts it.

    Args:
        log: as it was read.
        folder: of the run.
        run: its id.
        attempt: as in any report.
        solution: the report's part about what was tested.
        at_least: the threshold for the main figure, if there is one; without one nothing is passed.
        here: isolation, self-test and resources when the task ran on this node; else it was made elsewhere.
    """
    found = results(log)
    kept = keep(folder, found)
    measured = metrics(log, found) + measure.costs(found, 0.0, _SEED)[:2]
    threshold = None if at_least is None else _threshold(measured[0], at_least)
    faults = Faults()
    failed = [one.error for one in found if one.error]
    for error in failed:
        faults.add("unanswered", error)
    told = log.header.eval
    seconds = max((one.milliseconds for one in found), default=0.0) / 1000
    body = {
        "schema": 1,
        "statement": STATEMENT,
        "run": run,
        "attempt": attempt,
        "started": log.header.stats.started_at or told.created,
        "ended": log.header.stats.completed_at or _now(),
        "seconds": round(seconds, 3),
        "passed": bool(threshold and threshold["met"]),
        "samples": len(found),
        "answered": len(found) - len(failed),
        "resumed": 0,
        "solution": solution,
        "suite": _suite_part(log, threshold),
        "verdicts": [threshold] if threshold else [],
        "quality": measured[0],
        "metrics": measured,
        "latency": measure.latency(found),
        "throughput": _throughput(found),
        "results": {
            "file": kept.file,
            "sha256": kept.sha256,
            "bytes": kept.size,
            "root": kept.root,
            "leaves": kept.leaves,
            "method": "a JSON line for each sample, by epoch and id; Merkle tree over the lines (RFC 6962, 2.1)",
        },
        "faults": faults.as_list(),
        "host": _host(),
        "made_by": {
            "tool": TOOL,
            "version": told.packages.get("inspect_ai", "not stated"),
            "here": here is not None,
            "status": log.header.status,
            "log_sha256": log.sha256,
            "task": told.task,
            "model": told.model,
            "sandbox": told.sandbox.type if told.sandbox else "none",
        },
        **(here or _elsewhere(log)),
    }
    check(body)
    return body


def _threshold(main: dict[str, Any], at_least: float) -> dict[str, Any]:
    """The verdict on the main figure."""
    stated = {"metric": main["name"], "slice": "", "at_least": at_least, "at_most": None, "use": "value"}
    return stated | {"measured": main["value"], "met": main["value"] >= at_least}


def _suite_part(log: Log, threshold: dict[str, Any] | None) -> dict[str, Any]:
    """What it was tested with."""
    stated = [{key: threshold[key] for key in ("metric", "at_least", "at_most", "use", "slice")}] if threshold else []
    samples = rfc8785.dumps(asked(log))
    return suite_form(log) | {
        "digest": task_digest(log),
        "data_sha256": hashlib.sha256(samples).hexdigest(),
        "samples_in_data": len(log.samples),
        "thresholds_digest": digest(stated),
    }


def _throughput(found: list[Result]) -> dict[str, Any]:
    """Not measured: the log says when single samples ran, not how many at a time."""
    return {
        "per_second": 0,
        "answers": len(found),
        "seconds": 0,
        "window": 0,
        "method": "not measured by Inspect's log",
    }


def _elsewhere(log: Log) -> dict[str, Any]:
    """Isolation and resources of what did not run here: as the log says, and nothing that we would answer for."""
    sandbox = log.header.eval.sandbox
    said = f"made elsewhere; the log says: {sandbox.type if sandbox else 'no sandbox'}"
    names = ("exit", "peak_memory_bytes", "peak_processes", "scratch_bytes", "scratch_files", "output_bytes")
    zero = dict.fromkeys((*names, "wall_seconds", "cpu_seconds", "error_output_bytes"), 0)
    return {
        "isolation": {"level": "L0", "backend": said, "measures": []},
        "confinement": [],
        "resources": zero | {"stopped_by": "", "error_output": "", "method": "not measured: it did not run here"},
    }
