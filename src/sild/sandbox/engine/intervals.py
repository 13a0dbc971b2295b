"""95 % confidence intervals: Wilson's for a share, the percentile bootstrap for figures made of counts."""

from __future__ import annotations

import math
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

Z = 1.959963984540054  # the normal distribution's 97.5th percentile
REPLICATES = 1000
_TAILS = (2.5, 97.5)


_points: ContextVar[bool] = ContextVar("points", default=False)


@contextmanager
def points() -> Iterator[None]:
    """Within this, figures are made without intervals: for whoever makes intervals of another kind."""
    token = _points.set(True)
    try:
        yield
    finally:
        _points.reset(token)


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Lower and upper bound of a share (Wilson 1927, score interval); the whole range when nothing was tried."""
    if n == 0:
        return 0.0, 1.0
    share, spread = successes / n, Z * Z / n
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap(
    n: int, statistic: Callable[[NDArray[np.int64]], NDArray[np.float64]], seed: int
) -> list[tuple[float, float]]:
    """Bounds of one or more figures by resampling samples with replacement (Efron & Tibshirani 1993, chapter 13).

    Args:
        n: number of samples.
        statistic: takes how often each sample was drawn, shape (n,); gives the figures, shape (k,).
        seed: of the generator, so that the interval can be computed again.
    """
    if _points.get():
        return [(math.nan, math.nan)] * len(statistic(np.ones(n, np.int64)))
    generator = np.random.default_rng(seed)
    drawn = [
        statistic(np.bincount(generator.integers(0, n, n), minlength=n)) if n else statistic(np.zeros(0, np.int64))
        for _ in range(REPLICATES if n else 1)
    ]
    low, high = np.percentile(np.stack(drawn), _TAILS, axis=0)
    return [(float(lower), float(upper)) for lower, upper in zip(low, high, strict=True)]
