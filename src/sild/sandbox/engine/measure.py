"""From results to the figures of a report."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.sandbox.engine import repeats
from sild.sandbox.engine.intervals import REPLICATES
from sild.sandbox.engine.packed import Packed, Spill
from sild.sandbox.engine.scorers import member
from sild.sandbox.engine.suite import GAP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sild.sandbox.engine.result import Result
    from sild.sandbox.engine.suite import Suite, Threshold

Pairs = Sequence[tuple[Any, Any]]
_DIGITS = 6
_SMALL_BOOTSTRAP = "95 % percentile bootstrap over answers, 200 replicates"


def pairs_of(suite: Suite, results: Iterable[Result], folder: Path | None = None) -> dict[str, Pairs]:
    """Outputs and targets as the scorer reads them, for all samples (under the empty name) and for each slice.

    Args:
        suite: that the results are on.
        results: in order.
        folder: on whose disk the pairs are put away.
    """
    spill = Spill(folder)
    from_output = float if suite.form.grader else reader(suite)
    groups = {"": _none(spill)}
    for result in results:
        sample = suite.samples[result.position]
        said = result.score if suite.form.grader else result.output
        pair = (None if result.error else from_output(said), suite.target(sample))
        groups[""].add(pair)
        for name, value in sample.slices.items():
            part = f"{name}={value}"
            if part not in groups:
                groups[part] = _none(spill)
            groups[part].add(pair)
    return dict(sorted(groups.items()))


def _none(spill: Spill) -> Packed[tuple[Any, Any]]:
    """No pairs yet. They are objects of the scorer's, so they are pickled: by us, in a file that nobody else opens."""
    return Packed(pickle.dumps, pickle.loads, spill=spill)


def reader(suite: Suite) -> Any:
    """A function that reads an output for the suite's scorer; it raises ValueError for what cannot be scored."""
    scorer, field = suite.scorer, suite.form.scorer.field
    return lambda output: scorer.read(member(output, field))


def metrics(suite: Suite, groups: dict[str, Pairs]) -> list[dict[str, Any]]:
    """Every figure, over all samples first, then by slice; a slice has none of what none of its samples asks for."""
    found = []
    for name, pairs in groups.items():
        for metric in repeats.measure(suite.scorer, pairs, suite.form.repeats, suite.form.seed):
            if name and not metric.n:
                continue
            told = asdict(metric) | {"slice": name}
            found.append(
                {key: round(value, _DIGITS) if isinstance(value, float) else value for key, value in told.items()}
            )
    return found


def gaps(suite: Suite, groups: dict[str, Pairs]) -> list[dict[str, Any]]:
    """For each kind of slice, how far the best and the worst of its values lie apart in the scorer's first figure.

    The interval resamples within each slice; it is wide where slices are small, and never below 0.
    """
    kinds: dict[str, list[Pairs]] = {}
    for name, pairs in groups.items():
        if "=" in name:
            kinds.setdefault(name.split("=", 1)[0], []).append(pairs)
    return [_gap(suite, kind, slices) for kind, slices in kinds.items() if len(slices) > 1]


def _gap(suite: Suite, kind: str, slices: list[Pairs]) -> dict[str, Any]:
    """One gap, with a bootstrap over the samples' scores in each slice."""
    each = suite.form.repeats  # an item's repeats stand together and count as one
    scores = [
        np.fromiter((suite.scorer.score(*pair) for pair in pairs), float, len(pairs)).reshape(-1, each).mean(axis=1)
        for pairs in slices
    ]
    generator = np.random.default_rng(suite.form.seed)
    # One replicate at a time: all at once would take gigabytes for a long run. Shape (slices, replicates).
    means = np.array([[generator.choice(one, len(one)).mean() for _ in range(REPLICATES)] for one in scores])
    low, high = np.percentile(means.max(axis=0) - means.min(axis=0), (2.5, 97.5))
    at_hand = [float(one.mean()) for one in scores]
    return {
        "name": f"{GAP}{kind}",
        "slice": "",
        "value": round(max(at_hand) - min(at_hand), _DIGITS),
        "low": round(float(low), _DIGITS),
        "high": round(float(high), _DIGITS),
        "n": sum(map(len, scores)),
        "method": f"best less worst slice by mean score; 95 % percentile bootstrap in each, {REPLICATES} replicates",
    }


def costs(results: Iterable[Result], cpu_seconds: float, seed: int) -> list[dict[str, Any]]:
    """What an answer costs: time to it in milliseconds, and the solution's processor time for each answer."""
    times = np.fromiter((result.milliseconds for result in results if not result.error), float)
    answers = len(times)
    told = []
    for name, share in (("latency_p50_ms", 50), ("latency_p95_ms", 95)):
        value = float(np.percentile(times, share)) if answers else 0.0
        generator = np.random.default_rng(seed)
        drawn = [np.percentile(generator.choice(times, answers), share) for _ in range(200)] if answers else [0.0]
        low, high = np.percentile(drawn, (2.5, 97.5))
        told.append((name, value, float(low), float(high), f"all answers, in flight together; {_SMALL_BOOTSTRAP}"))
    each = cpu_seconds * 1000 / answers if answers else 0.0
    told.append(("cpu_ms_per_answer", each, each, each, "processor time of all the solution's processes over answers"))
    return [
        {"name": name, "slice": "", "n": answers, "method": method}
        | {key: round(number, 3) for key, number in (("value", value), ("low", low), ("high", high))}
        for name, value, low, high, method in told
    ]


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


def latency(results: Iterable[Result]) -> dict[str, Any]:
    """Percentiles over the questions that were asked one at a time; over all when there are none of those."""
    alone = np.fromiter((one.milliseconds for one in results if one.alone and not one.error), float)
    times = alone if len(alone) else np.fromiter((one.milliseconds for one in results if not one.error), float)
    how = "asked one at a time" if len(alone) else "too few were asked one at a time, so start and waiting count"
    p50, p95, p99 = np.percentile(times, (50, 95, 99)) if len(times) else (0.0, 0.0, 0.0)
    return {
        "p50_ms": round(float(p50), 3),
        "p95_ms": round(float(p95), 3),
        "p99_ms": round(float(p99), 3),
        "n": len(times),
        "method": f"wall clock from writing a question to reading its answer; {how}; linear interpolation",
    }
