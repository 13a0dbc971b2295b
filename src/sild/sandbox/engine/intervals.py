"""95 % confidence intervals: Wilson's for a share, the percentile bootstrap for figures made of counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Z = 1.959963984540054  # the normal distribution's 97.5th percentile
REPLICATES = 1000
_TAILS = (2.5, 97.5)


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Lower and upper bound of a share (Wilson 1927, score interval); the whole range when nothing was tried."""
    if n == 0:
        return 0.0, 1.0
    share, spread = successes / n, Z * Z / n
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def clustered(right: NDArray[np.float64], asked: NDArray[np.int64]) -> float:
    """How many independent samples the samples of a share are worth, when those of one item belong together.

    Their number over the design effect (Kish 1965, section 8.2), with the variance of a proportion in cluster sampling
    (Cochran 1977, section 3.12, of an infinite population). Never fewer than there are items, never more than
    samples. Where all are right or all wrong nothing tells how alike an item's samples are, so an item counts once.

    Args:
        right: how many samples of each item are, shape (items,).
        asked: how many samples each item has in the share, shape (items,).
    """
    n, items = int(asked.sum()), int((asked > 0).sum())
    value = float(right.sum()) / n if n else 0.0
    spread = value * (1 - value)
    away = float(((right - value * asked) ** 2).sum())
    if not spread or not away or items == 1:
        return items
    variance = away / n**2 * items / (items - 1)
    return float(np.clip(spread / variance, items, n))


def bootstrap(
    n: int, statistic: Callable[[NDArray[np.int64]], NDArray[np.float64]], seed: int, repeats: int = 1
) -> list[tuple[float, float]]:
    """Bounds of one or more figures by resampling with replacement (Efron & Tibshirani 1993, chapter 13).

    Args:
        n: number of samples.
        statistic: takes how often each sample was drawn, shape (n,); gives the figures, shape (k,).
        seed: of the generator, so that the interval can be computed again.
        repeats: samples of each item, which are drawn together (Davison & Hinkley 1997, section 3.8).
    """
    generator, items = np.random.default_rng(seed), n // repeats

    def draw() -> NDArray[np.int64]:
        times = np.bincount(generator.integers(0, items, items), minlength=items)
        return times if repeats == 1 else np.repeat(times, repeats)

    drawn = [statistic(draw()) for _ in range(REPLICATES)] if n else [statistic(np.zeros(0, np.int64))]
    low, high = np.percentile(np.stack(drawn), _TAILS, axis=0)
    return [(float(lower), float(upper)) for lower, upper in zip(low, high, strict=True)]
