"""Two runs on the same samples, compared sample by sample: how far they differ, and whether that could be chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.intervals import bootstrap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sild.sandbox.engine.result import Result

PERMUTATIONS = 10_000
_CHUNK = 500
METHOD = (
    f"difference of mean scores; 95 % percentile bootstrap over samples; two-sided sign-flip permutation test, "
    f"{PERMUTATIONS} permutations"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first run less the second.

    Attributes:
        samples: how many both have answered, or failed to answer.
        first, second: mean scores.
        difference, low, high: first less second, with its 95 % interval.
        p_value: how often chance alone gives as large a difference, when a sample's two scores can be swapped.
        better, worse, equal: in how many samples the first run scored higher, lower, the same.
        differing: ids of samples with other scores, the largest differences first, at most a hundred.
        method: how it was made.
    """

    samples: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float
    better: int
    worse: int
    equal: int
    differing: tuple[str, ...]
    method: str

    @property
    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def compare(first: Iterable[Result], second: Iterable[Result], seed: int = 2026) -> Comparison:
    """Compare the results of two runs on the same suite.

    Args:
        first: results of all samples of the one run.
        second: and of the other.
        seed: of bootstrap and permutations.

    Raises:
        SandboxError: the runs are not on the same samples.
    """
    ours, theirs = _scores(first), _scores(second)
    if not ours or set(ours) != set(theirs):
        raise SandboxError("The two runs are not on the same samples. Compare runs on the same suite.")
    names = sorted(ours)
    one = np.array([ours[name] for name in names])
    other = np.array([theirs[name] for name in names])
    gaps = one - other
    n = len(gaps)
    (low, high), *_ = bootstrap(n, lambda drawn: np.array([float(drawn @ gaps) / n]), seed)
    order = np.argsort(-abs(gaps), kind="stable")
    return Comparison(
        samples=n,
        first=round(float(one.mean()), 6),
        second=round(float(other.mean()), 6),
        difference=round(float(gaps.mean()), 6),
        low=round(low, 6),
        high=round(high, 6),
        p_value=round(_p_value(gaps, seed), 6),
        better=int((gaps > 0).sum()),
        worse=int((gaps < 0).sum()),
        equal=int((gaps == 0).sum()),
        differing=tuple(names[place] for place in order[:100] if gaps[place]),
        method=METHOD,
    )


def _scores(results: Iterable[Result]) -> dict[str, float]:
    """The score of each sample, averaged over its repeats."""
    found: dict[str, list[float]] = {}
    for result in results:
        found.setdefault(result.sample, []).append(result.score)
    return {name: sum(scores) / len(scores) for name, scores in found.items()}


def _p_value(gaps: NDArray[np.float64], seed: int) -> float:
    """Two-sided paired permutation test (Good 2005, chapter 3); never 0, since what was seen is one permutation."""
    generator = np.random.default_rng(seed)
    seen = abs(gaps.sum())
    differing = gaps[gaps != 0]
    as_far = 1
    for _ in range(PERMUTATIONS // _CHUNK):
        signs = generator.choice((-1.0, 1.0), (_CHUNK, len(differing)))
        as_far += int((abs(signs @ differing) >= seen - 1e-12).sum())
    return as_far / (PERMUTATIONS + 1)
