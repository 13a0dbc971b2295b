"""From results to the figures of a report."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.sandbox.engine.scorers import member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.sandbox.engine.journal import Result
    from sild.sandbox.engine.suite import Suite, Threshold

Pairs = list[tuple[Any, Any]]
_DIGITS = 6


def pairs_of(suite: Suite, results: Sequence[Result]) -> dict[str, Pairs]:
    """Outputs and targets as the scorer reads them, for all samples (under the empty name) and for each slice."""
    from_output = reader(suite)
    groups: dict[str, Pairs] = {"": []}
    for result in results:
        sample = suite.samples[result.position]
        pair = (None if result.error else from_output(result.output), suite.target(sample))
        groups[""].append(pair)
        for name, value in sample.slices.items():
            groups.setdefault(f"{name}={value}", []).append(pair)
    return dict(sorted(groups.items()))


def reader(suite: Suite) -> Any:
    """A function that reads an output for the suite's scorer; it raises ValueError for what cannot be scored."""
    scorer, field = suite.scorer, suite.form.scorer.field
    return lambda output: scorer.read(member(output, field))


def metrics(suite: Suite, groups: dict[str, Pairs]) -> list[dict[str, Any]]:
    """Every figure, over all samples first, then by slice."""
    found = []
    for name, pairs in groups.items():
        for metric in suite.scorer.measure(pairs, suite.form.seed):
            told = asdict(metric) | {"slice": name}
            found.append(
                {key: round(value, _DIGITS) if isinstance(value, float) else value for key, value in told.items()}
            )
    return found


def verdicts(thresholds: Sequence[Threshold], measured: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each threshold with what was measured; a slice that no sample belongs to is not met."""
    by_name = {(metric["name"], metric["slice"]): metric for metric in measured}
    return [_verdict(threshold, by_name.get((threshold.metric, threshold.slice))) for threshold in thresholds]


def _verdict(threshold: Threshold, metric: dict[str, Any] | None) -> dict[str, Any]:
    """One threshold against one figure."""
    lower = threshold.at_least is not None
    key = "value" if threshold.use == "value" else "low" if lower else "high"
    value = metric[key] if metric else None
    met = value is not None and (
        value >= threshold.at_least if threshold.at_least is not None else value <= (threshold.at_most or 0)
    )
    return threshold.model_dump() | {"measured": value, "met": met}


def latency(results: Sequence[Result]) -> dict[str, Any]:
    """Percentiles over the questions that were asked one at a time; over all when there are none of those."""
    alone = [result.milliseconds for result in results if result.alone and not result.error]
    times = alone or [result.milliseconds for result in results if not result.error]
    how = "asked one at a time" if alone else "too few were asked one at a time, so start and waiting count"
    p50, p95, p99 = np.percentile(times, (50, 95, 99)) if times else (0.0, 0.0, 0.0)
    return {
        "p50_ms": round(float(p50), 3),
        "p95_ms": round(float(p95), 3),
        "p99_ms": round(float(p99), 3),
        "n": len(times),
        "method": f"wall clock from writing a question to reading its answer; {how}; linear interpolation",
    }
