"""Whether a solution in use has become worse than it was when it was adopted, by more than was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sild.sandbox.engine import compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sild.sandbox.engine.result import Result

State = Literal["steady", "unclear", "drifted"]
METHOD = (
    "paired, sample by sample: fall of the mean score since the baseline, with its 95 % percentile bootstrap interval; "
    "drift when the whole interval lies above the bound, none when it lies at or below it, else unclear"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A re-test against its baseline.

    Attributes:
        state: what follows from interval and bound.
        facts: the figures, as JSON: `baseline` and `measured` mean scores, `drop` with `low` and `high`, `p_value`,
            `samples`, `differing`.
    """

    state: State
    facts: dict[str, Any]


def find(baseline: Iterable[Result], now: Iterable[Result], bound: float) -> Finding:
    """Compare a re-test with its baseline.

    Args:
        baseline: results when it was adopted.
        now: results on the same samples today.
        bound: how far the mean score may fall, from 0 to 1.

    Raises:
        SandboxError: they are not on the same samples.
    """
    found = compare.compare(baseline, now)
    facts = {
        "baseline": found.first,
        "measured": found.second,
        "drop": found.difference,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
        "samples": found.samples,
        "differing": list(found.differing),
    }
    return Finding(state_of(found.low, found.high, bound), facts)


def state_of(low: float, high: float, bound: float) -> State:
    """Drift is shown, excluded, or neither: the two one-sided tests that an interval stands for (Schuirmann 1987)."""
    if low > bound:
        return "drifted"
    return "steady" if high <= bound else "unclear"
