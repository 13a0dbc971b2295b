"""What leaves of a run on a sealed suite: rounded figures over groups that are large enough, and no text at all.

A hostile solution sees the items while it runs, so whatever it chooses freely could carry them out: its outputs, its
error output, the examples of its faults, but also how often a fault occurs, how much it wrote, how long it took. None
of these leaves. What is left to it is which answers are right, in three digits a figure, as often as it may submit.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from sild.sandbox.engine.forms import Form, Name, Text, Version
from sild.sandbox.engine.report import STATEMENT  # noqa: TC001 -- pydantic reads annotations when it runs
from sild.sandbox.engine.suite import COSTS, GAP

DIGITS = 3
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Short = Annotated[str, Field(max_length=300)]
Count = Annotated[int, Field(ge=0)]
Reason = Literal["limit", "declined", "failed"]


class _Part(Form):
    """Base of these forms: numbers that came through JSON are taken as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Threshold(_Part):
    """A threshold of a sealed suite."""

    metric: Short
    at_least: float | int | None
    at_most: float | int | None
    use: Literal["value", "bound"]
    slice: Short


class SuitePart(_Part):
    """A sealed suite as partners see it."""

    name: Name
    version: Version
    digest: Digest
    title: Text
    scorer: Short
    languages: list[Short]
    licence: Short
    samples: Annotated[int, Field(ge=1)]
    thresholds_digest: Digest


class Offer(_Part):
    """The body of `sandbox.offer`: partners may have solutions tested on this suite, this often.

    `smallest` is the smallest number of items that a figure is shown for.
    """

    suite: SuitePart
    thresholds: Annotated[list[Threshold], Field(min_length=1, max_length=100)]
    submissions: Annotated[int, Field(ge=1, le=1000)]
    smallest: Annotated[int, Field(ge=2, le=1000)]


class Verdict(Threshold):
    """A threshold, what was measured unless that is withheld, and whether it was met."""

    measured: float | int | None
    met: bool


class Metric(_Part):
    """A figure with its 95 % interval, rounded."""

    name: Short
    slice: Short
    value: float | int
    low: float | int
    high: float | int
    n: Count
    method: Short


class Outcome(_Part):
    """What was measured. `faults` are the codes that occurred; `withheld` counts figures over too few items.

    `commitment` is HMAC-SHA-256 (RFC 2104) over the SHA-256 of the results, with a key that the owner keeps, so that
    an auditor can be shown the results and nobody can guess them from it.
    """

    passed: bool
    verdicts: list[Verdict]
    metrics: list[Metric]
    withheld: Count
    faults: list[Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]]
    isolation: Literal["L1", "L2", "L3"]
    commitment: Digest


class Answer(_Part):
    """The body of `sandbox.sealed-report`: an outcome, or why there is none, by a code that says nothing of items."""

    schema_version: Literal[1] = Field(alias="schema")
    statement: Literal[STATEMENT]  # type: ignore[valid-type]  # as in report.py
    suite: Digest
    thresholds_digest: Digest
    solution: Digest
    submission: Annotated[int, Field(ge=1)]
    submissions: Annotated[int, Field(ge=1)]
    outcome: Outcome | None
    reason: Reason | None


def check(body: dict[str, Any]) -> None:
    """Check an answer's form and that it does not contradict itself.

    Raises:
        ValueError: with all that is wrong.
    """
    answer = Answer.model_validate(body)
    if (answer.outcome is None) == (answer.reason is None):
        raise ValueError("an answer has either an outcome or the reason why there is none")
    if answer.outcome and answer.outcome.passed != all(one.met for one in answer.outcome.verdicts):
        raise ValueError("the answer says “passed” otherwise than its verdicts")


def outcome(report: dict[str, Any], smallest: int, key: bytes) -> dict[str, Any]:
    """What may leave of a report.

    Args:
        report: as `report.check` accepts it.
        smallest: figures over fewer items than this, or over all but fewer, are withheld.
        key: 32 random bytes that never leave, for the commitment to the results.
    """
    repeats = report["suite"].get("repeats", 1)
    scored = [one for one in report["metrics"] if one["name"] not in COSTS]
    shown = _shown(scored, smallest * repeats)
    values = {(one["name"], one["slice"]) for one in shown}
    sealed = hmac.new(key, bytes.fromhex(report["results"]["sha256"]), hashlib.sha256).hexdigest()
    return {
        "passed": report["passed"],
        "verdicts": [_verdict(one, shown=(one["metric"], one["slice"]) in values) for one in report["verdicts"]],
        "metrics": [_rounded(one) for one in shown],
        "withheld": len(report["metrics"]) - len(shown),
        "faults": [one["code"] for one in report["faults"]],
        "isolation": report["isolation"]["level"],
        "commitment": f"sha256:{sealed}",
    }


def small(groups: dict[str, int], total: int, smallest: int) -> set[str]:
    """Slices that are not shown: too small, all but too few, or the one from which a small one could be computed.

    Args:
        groups: items by slice, as in `{"group=a": 40}`.
        total: items in all.
        smallest: the fewest that are shown.
    """
    hidden = {name for name, n in groups.items() if n < smallest or 0 < total - n < smallest}
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in groups:
        kinds[name.split("=", 1)[0]].append(name)
    for names in kinds.values():
        within = hidden.intersection(names)
        open_ones = sorted(set(names) - within, key=lambda name: (groups[name], name))
        # What is hidden is the total less what is shown, so at least `smallest` items have to be hidden together.
        while within and open_ones and sum(groups[name] for name in within) < smallest:
            within.add(open_ones.pop(0))
        if len(within) == 1 and open_ones:
            within.add(open_ones[0])
        hidden |= within
    return hidden


def _shown(metrics: list[dict[str, Any]], smallest: int) -> list[dict[str, Any]]:
    """The figures over enough items."""
    shown: list[dict[str, Any]] = []
    hidden_kinds: set[str] = set()
    by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
    most = max((one["n"] for one in metrics if not one["slice"]), default=0)
    for one in metrics:
        by_name[one["name"]].append(one)
    for figures in by_name.values():
        total = next((one["n"] for one in figures if not one["slice"]), 0)
        hidden = small({one["slice"]: one["n"] for one in figures if one["slice"]}, total, smallest)
        hidden_kinds |= {name.split("=", 1)[0] for name in hidden}
        if total < smallest or 0 < most - total < smallest:
            continue
        shown += [one for one in figures if one["slice"] not in hidden]
    return [one for one in shown if one["name"].removeprefix(GAP) not in hidden_kinds]


def _rounded(metric: dict[str, Any]) -> dict[str, Any]:
    """A figure in three digits."""
    return metric | {key: round(metric[key], DIGITS) for key in ("value", "low", "high")}


def _verdict(verdict: dict[str, Any], *, shown: bool) -> dict[str, Any]:
    """A verdict, without what was measured where that is not shown."""
    measured = verdict["measured"]
    return verdict | {"measured": round(measured, DIGITS) if shown and measured is not None else None}
