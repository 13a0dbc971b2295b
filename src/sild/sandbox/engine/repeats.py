"""Figures over samples that were asked several times: intervals over items, repeats clustered, and all or any of k."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.sandbox.engine import intervals
from sild.sandbox.engine.scorers.base import WILSON, Metric, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sild.sandbox.engine.scorers import Scorer

NAMES = ("all_of_k", "any_of_k")
REPLICATES = 200
CLUSTERED = f"95 % percentile bootstrap over items with their repeats, {REPLICATES} replicates, the suite's seed"
DESIGN = "share of answers; 95 % Wilson score interval over answers divided by the repeats' design effect"


def measure(scorer: Scorer[Any, Any], pairs: Sequence[tuple[Any, Any]], repeats: int, seed: int) -> list[Metric]:
    """The scorer's figures with intervals that take the repeats of an item as what they are: answers to one question.

    A share keeps Wilson's interval, over as many answers as they are worth (Kish 1965, section 8.2: n over the design
    effect, here the bootstrap's variance over that of independent answers). Other figures have the bootstrap over items
    (Davison & Hinkley 1997, section 3.8).

    Args:
        scorer: of the suite.
        pairs: outputs and targets; those of one item stand together.
        repeats: how many each item has.
        seed: of the bootstrap.
    """
    if repeats == 1:
        return scorer.measure(pairs, seed)
    pairs = list(pairs)  # resampled 200 times over, so it is at hand
    with intervals.points():
        found = scorer.measure(pairs, seed)
        drawn = _drawn(scorer, pairs, repeats, seed)
    figures = [_figure(metric, drawn[:, place], repeats) for place, metric in enumerate(found)]
    return figures + of_k(scorer, pairs, repeats)


def of_k(scorer: Scorer[Any, Any], pairs: Sequence[tuple[Any, Any]], repeats: int) -> list[Metric]:
    """Items right in every repeat (pass^k) and in at least one (pass@k); none where a score can lie between 0 and 1."""
    scores = np.array([scorer.score(*pair) for pair in pairs]).reshape(-1, repeats)
    if not np.isin(scores, (0.0, 1.0)).all():
        return []
    items = len(scores)
    return [
        share(name, float(right.sum()), items)
        for name, right in zip(NAMES, (scores.all(axis=1), scores.any(axis=1)), strict=True)
    ]


def _drawn(scorer: Scorer[Any, Any], pairs: Sequence[tuple[Any, Any]], repeats: int, seed: int) -> NDArray[np.float64]:
    """The figures of resampled items, shape (replicates, figures)."""
    items = [pairs[start : start + repeats] for start in range(0, len(pairs), repeats)]
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(REPLICATES):
        again = [pair for place in generator.integers(0, len(items), len(items)) for pair in items[place]]
        rows.append([metric.value for metric in scorer.measure(again, seed)])
    return np.array(rows)


def _figure(metric: Metric, drawn: NDArray[np.float64], repeats: int) -> Metric:
    """One figure with its interval."""
    if metric.method == WILSON:
        worth = _worth(metric, float(drawn.var()), repeats)
        low, high = intervals.wilson(metric.value * worth, worth)
        return replace(metric, low=low, high=high, method=DESIGN)
    low, high = (float(bound) for bound in np.percentile(drawn, (2.5, 97.5)))
    return replace(metric, low=low, high=high, method=CLUSTERED)


def _worth(metric: Metric, variance: float, repeats: int) -> float:
    """How many independent answers the answers are worth: never fewer than there are items, never more than answers.

    Where all are right or all wrong there is no variance to tell, so an item counts once.
    """
    items, spread = metric.n / repeats, metric.value * (1 - metric.value)
    if not spread or not variance:
        return items
    return float(np.clip(spread / variance, items, metric.n))
