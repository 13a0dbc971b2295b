"""Figures over samples that were asked several times: intervals over items, repeats clustered, and all or any of k."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sild.sandbox.engine.scorers.base import Metric, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.sandbox.engine.scorers import Scorer

NAMES = ("all_of_k", "any_of_k")


def measure(scorer: Scorer[Any, Any], pairs: Sequence[tuple[Any, Any]], repeats: int, seed: int) -> list[Metric]:
    """The scorer's figures with intervals that take the repeats of an item as what they are: answers to one question.

    A share keeps Wilson's interval, over as many answers as they are worth; others have the bootstrap over items.

    Args:
        scorer: of the suite.
        pairs: outputs and targets; those of one item stand together.
        repeats: how many each item has.
        seed: of the bootstrap.
    """
    found = scorer.measure(pairs, seed, repeats)
    return found if repeats == 1 else found + of_k(scorer, pairs, repeats)


def of_k(scorer: Scorer[Any, Any], pairs: Sequence[tuple[Any, Any]], repeats: int) -> list[Metric]:
    """Items right in every repeat (pass^k) and in at least one (pass@k); none where a score can lie between 0 and 1."""
    scores = np.fromiter((scorer.score(*pair) for pair in pairs), float).reshape(-1, repeats)
    if not np.isin(scores, (0.0, 1.0)).all():
        return []
    return [share(name, (bool(of(row)) for row in scores)) for name, of in zip(NAMES, (np.all, np.any), strict=True)]
