"""Retrieval: a ranked list of documents against those that are relevant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sild.sandbox.engine.scorers.base import Metric, mean, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPTH = 10
Relevance = dict[str, float]


class Retrieval:
    """A ranked list of document ids; relevance is a grade by id, or a list of the relevant ones."""

    name = "retrieval"
    metrics: tuple[str, ...] = ("ndcg_at_10", "reciprocal_rank", "recall_at_10")
    per_sample = "nDCG of the first ten"

    def read(self, value: object) -> list[str]:
        """A list of ids, best first; a repeated one counts once."""
        return list(dict.fromkeys(texts(value, "document ids")))

    def read_target(self, value: object) -> Relevance:
        """`["d1", "d7"]` or `{"d1": 3, "d7": 1}`."""
        if isinstance(value, dict) and value and all(isinstance(grade, (int, float)) for grade in value.values()):
            return {name: float(grade) for name, grade in value.items()}
        return dict.fromkeys(texts(value, "relevant document ids, or their grades,"), 1.0)

    def score(self, output: list[str] | None, target: Relevance) -> float:
        """Discounted gain over the ideal (Järvelin & Kekäläinen 2002; with gain 2^grade - 1, Burges et al. 2005)."""
        ideal = _gain(sorted(target.values(), reverse=True)[:DEPTH])
        found = _gain([target.get(name, 0.0) for name in (output or [])[:DEPTH]])
        return found / ideal if ideal else 0.0

    def measure(self, pairs: Sequence[tuple[list[str] | None, Relevance]], seed: int, repeats: int = 1) -> list[Metric]:
        """Means over questions."""
        return [
            mean("ndcg_at_10", (self.score(*pair) for pair in pairs), seed, repeats),
            mean("reciprocal_rank", (_reciprocal(output or [], target) for output, target in pairs), seed, repeats),
            mean("recall_at_10", (_recall(output or [], target) for output, target in pairs), seed, repeats),
        ]


def _gain(grades: Sequence[float]) -> float:
    """Discounted cumulative gain."""
    return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def _reciprocal(output: list[str], target: Relevance) -> float:
    """1 / rank of the first relevant document; 0 when there is none."""
    return next((1 / rank for rank, name in enumerate(output, 1) if target.get(name, 0.0) > 0), 0.0)


def _recall(output: list[str], target: Relevance) -> float:
    """Share of the relevant documents among the first ten."""
    relevant = {name for name, grade in target.items() if grade > 0}
    return len(relevant & set(output[:DEPTH])) / len(relevant) if relevant else 0.0
