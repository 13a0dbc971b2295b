"""Sets of labels: precision, recall and F1."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.sandbox.engine.intervals import bootstrap
from sild.sandbox.engine.scorers.base import Metric, resampled, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Labels = frozenset[str]


class Multilabel:
    """Sets of labels: precision, recall and F1 over all labels (micro) and averaged over labels (macro).

    Macro figures average over the labels that occur in targets or outputs, with 0 where nothing can be divided: the
    same as scikit-learn's defaults with zero_division=0.
    """

    name = "multilabel"
    per_sample = "F1 of the sample's labels"
    metrics: tuple[str, ...] = (
        "micro_f1",
        "micro_precision",
        "micro_recall",
        "macro_f1",
        "macro_precision",
        "macro_recall",
        "exact_match",
    )

    def read(self, value: object) -> Labels:
        """A list of texts; order and repetition do not count."""
        if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
            raise ValueError("a list of texts is expected")
        return frozenset(value)

    read_target = read

    def score(self, output: Labels | None, target: Labels) -> float:
        """F1 of one sample; 1 when both are empty."""
        if output is None:
            return 0.0
        return 2 * len(output & target) / (len(output) + len(target)) if output or target else 1.0

    def measure(self, pairs: Sequence[tuple[Labels | None, Labels]], seed: int, repeats: int = 1) -> list[Metric]:
        """All figures; one resampling serves them all."""
        counts = _Counts(pairs)
        every = np.ones(len(pairs), np.int64)
        figures = zip(
            self.metrics, counts.figures(every), bootstrap(len(pairs), counts.figures, seed, repeats), strict=False
        )
        found = [Metric(name, float(value), *bounds, len(pairs), resampled(repeats)) for name, value, bounds in figures]
        return [*found, share("exact_match", (output == target for output, target in pairs), repeats)]


class _Counts:
    """Who predicted which label on which sample, as arrays, so that resampling is counting with weights."""

    def __init__(self, pairs: Sequence[tuple[Labels | None, Labels]]) -> None:
        labels = sorted({label for output, target in pairs for label in (output or frozenset()) | target})
        place = {label: position for position, label in enumerate(labels)}
        self._size = len(labels)
        hits, extra, missed = array("q"), array("q"), array("q")  # sample and label in turn
        for sample, (output, target) in enumerate(pairs):
            given = output or frozenset()
            for found, group in ((hits, given & target), (extra, given - target), (missed, target - given)):
                for label in group:
                    found.extend((sample, place[label]))
        self._groups = [np.frombuffer(found, np.int64).reshape(-1, 2) for found in (hits, extra, missed)]

    def figures(self, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        """Micro F1, precision, recall, then macro, when each sample counts as often as it was drawn."""
        hits, extra, missed = (
            np.bincount(group[:, 1], weights=drawn[group[:, 0]], minlength=self._size) for group in self._groups
        )
        micro = _rates(hits.sum(), extra.sum(), missed.sum())
        there = hits + extra + missed > 0  # a label that was not drawn is not averaged, as if it had never occurred
        macro = [rate[there].mean() if there.any() else 0.0 for rate in _rates(hits, extra, missed)]
        return np.array([*micro, *macro])


def _rates(hits: Any, extra: Any, missed: Any) -> tuple[Any, Any, Any]:
    """F1, precision and recall of counts."""
    return (_ratio(2 * hits, 2 * hits + extra + missed), _ratio(hits, hits + extra), _ratio(hits, hits + missed))


def _ratio(part: Any, whole: Any) -> Any:
    """Part of the whole; 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(np.asarray(part, float)), where=np.asarray(whole) > 0)
