"""Scorers: how an output is compared with a target, and which figures come of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

from sild.sandbox.engine.intervals import REPLICATES, bootstrap, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

T = TypeVar("T")
Labels = frozenset[str]
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ`´‘", "'"))
_WILSON = "share of samples; 95 % Wilson score interval"
_BOOTSTRAP = f"95 % percentile bootstrap over samples, {REPLICATES} replicates, the suite's seed"


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure.

    Attributes:
        name: as thresholds name it.
        value, low, high: the figure and the bounds of its 95 % interval.
        n: how many samples it rests on; those without an answer count as wrong.
        method: how figure and interval were made.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    method: str


class Scorer(Protocol[T]):
    """Compares outputs with targets of one kind."""

    @property
    def name(self) -> str:
        """As suites name it."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of its figures; the first is the one that sums up a run."""

    @property
    def per_sample(self) -> str:
        """What the score of one sample is."""

    def read(self, value: object) -> T:
        """Take an output or a target; ValueError says what form it should have."""

    def score(self, output: T | None, target: T) -> float:
        """From 0 to 1 for one sample; None stands for no answer."""

    def measure(self, pairs: Sequence[tuple[T | None, T]], seed: int) -> list[Metric]:
        """The figures over outputs and targets."""


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """Right or wrong: the output equals the target after both were read."""

    name: str
    read: Callable[[object], T]
    metrics: tuple[str, ...] = ("accuracy",)
    per_sample: str = "1 for a match, else 0"

    def score(self, output: T | None, target: T) -> float:
        """1 for a match."""
        return float(output is not None and output == target)

    def measure(self, pairs: Sequence[tuple[T | None, T]], seed: int) -> list[Metric]:  # noqa: ARG002 -- the interface
        """Accuracy."""
        return [accuracy("accuracy", sum(self.score(*pair) for pair in pairs), len(pairs))]


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

    def score(self, output: Labels | None, target: Labels) -> float:
        """F1 of one sample; 1 when both are empty."""
        if output is None:
            return 0.0
        return 2 * len(output & target) / (len(output) + len(target)) if output or target else 1.0

    def measure(self, pairs: Sequence[tuple[Labels | None, Labels]], seed: int) -> list[Metric]:
        """All figures; one resampling serves them all."""
        counts = _Counts(pairs)
        every = np.ones(len(pairs), np.int64)
        figures = zip(self.metrics, counts.figures(every), bootstrap(len(pairs), counts.figures, seed), strict=False)
        found = [Metric(name, float(value), *bounds, len(pairs), _BOOTSTRAP) for name, value, bounds in figures]
        matches = sum(output == target for output, target in pairs)
        return [*found, accuracy("exact_match", matches, len(pairs))]


class _Counts:
    """Who predicted which label on which sample, as arrays, so that resampling is counting with weights."""

    def __init__(self, pairs: Sequence[tuple[Labels | None, Labels]]) -> None:
        labels = sorted({label for output, target in pairs for label in (output or frozenset()) | target})
        place = {label: position for position, label in enumerate(labels)}
        self._size = len(labels)
        hits: list[tuple[int, int]] = []
        extra: list[tuple[int, int]] = []
        missed: list[tuple[int, int]] = []
        for sample, (output, target) in enumerate(pairs):
            given = output or frozenset()
            for found, group in ((hits, given & target), (extra, given - target), (missed, target - given)):
                found += [(sample, place[label]) for label in group]
        self._groups = [np.array(found, np.int64).reshape(-1, 2) for found in (hits, extra, missed)]

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


def accuracy(name: str, right: float, n: int) -> Metric:
    """A share of right samples."""
    return Metric(name, right / n if n else 0.0, *wilson(right, n), n, _WILSON)


def as_json(value: object) -> object:
    """Any JSON value, made comparable: `True` is not 1 and `1` is not `1.0`'s text, but numbers compare as numbers."""
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, list):
        return tuple(map(as_json, value))
    if isinstance(value, dict):
        return frozenset((key, as_json(member)) for key, member in value.items())
    return value


def as_words(value: object) -> str:
    """A text without case, punctuation and spacing (Unicode NFKC and case folding).

    The apostrophes of Ukrainian spelling are one, and stay: `п’ять` is not `пять`.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("a text is expected")  # noqa: TRY004 -- the interface says ValueError
    folded = unicodedata.normalize("NFKC", str(value)).casefold().translate(_APOSTROPHES)
    return " ".join(re.sub(r"[^\w\s']|_", " ", folded).split())


SCORERS: dict[str, Scorer[Any]] = {
    "exact": Match("exact", as_json),
    "normalised": Match("normalised", as_words),
    "multilabel": Multilabel(),
}


def member(value: object, field: str) -> object:
    """The member of an output that is scored; the value itself when no field is named.

    Raises:
        ValueError: the member is not there.
    """
    if not field:
        return value
    if not isinstance(value, dict) or field not in value:
        raise ValueError(f"an object with the member {field} is expected")
    return value[field]
