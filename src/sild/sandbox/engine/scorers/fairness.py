"""Whether cases that differ in nothing that counts are decided alike, and whether confidence means what it says."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import orjson
import rfc8785

from sild.sandbox.engine.intervals import bootstrap
from sild.sandbox.engine.scorers.base import Metric, as_text, as_words, members, resampled, share, texts
from sild.sandbox.engine.scorers.match import says
from sild.sandbox.engine.scorers.quantities import as_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True)
class Case:
    """One of several samples that should be decided alike."""

    case: str
    answers: tuple[str, ...]


class EvenHanded:
    """The same decision in every sample of a case, and the right one."""

    name = "even-handed"
    metrics: tuple[str, ...] = ("even_handed", "accuracy")
    per_sample = "1 for the right decision, else 0"

    def read(self, value: object) -> str:
        """A reply."""
        return as_words(value)

    def read_target(self, value: object) -> Case:
        """`{"case": "instalments-3", "answers": ["yes"]}`."""
        case, answers = members(value, "case", "answers")
        return Case(as_text(case), tuple(as_words(one) for one in texts(answers, "right answers")))

    def score(self, output: str | None, target: Case) -> float:
        """1 for the right decision."""
        return float(output is not None and says(output, target.answers))

    def measure(self, pairs: Sequence[tuple[str | None, Case]], seed: int, repeats: int = 1) -> list[Metric]:
        """Share of cases whose samples were all decided alike, and accuracy over samples."""
        alike = _alike((target.case, self.score(output, target)) for output, target in pairs)
        return [share("even_handed", alike), share("accuracy", (self.score(*pair) for pair in pairs), repeats)]


class Stable:
    """The same answer every time to the same question; what the answer is, is not looked at."""

    name = "stable"
    metrics: tuple[str, ...] = ("stable",)
    per_sample = "1 for an answer, else 0"

    def read(self, value: object) -> str:
        """Any JSON value, as its canonical text."""
        return rfc8785.dumps(value).decode()  # type: ignore[arg-type]  # whatever JSON held

    def read_target(self, value: object) -> str:
        """`{"case": "passport-2"}`."""
        return as_text(members(value, "case")[0])

    def score(self, output: str | None, target: str) -> float:
        """1 for an answer."""
        return float(output is not None)

    def measure(self, pairs: Sequence[tuple[str | None, str]], seed: int, repeats: int = 1) -> list[Metric]:
        """Share of questions to which every answer was the same."""
        # Answers may be long: their digests are compared.
        digests = ((case, None if output is None else sha256(output.encode()).digest()) for output, case in pairs)
        return [share("stable", _alike(digests))]


def _alike(outcomes: Iterable[tuple[str, float | bytes | None]]) -> list[bool]:
    """For each case, whether every sample of it came out the same; None is like nothing."""
    first: dict[str, float | bytes] = {}
    unlike = set()
    for case, outcome in outcomes:
        if outcome is None or first.setdefault(case, outcome) != outcome:
            unlike.add(case)
    return [case not in unlike for case in first.keys() | unlike]


class Calibrated:
    """Answers with a confidence from 0 to 1: how far the two are from each other."""

    name = "calibrated"
    metrics: tuple[str, ...] = ("brier_score", "calibration_error", "accuracy")
    per_sample = "1 - (confidence - right)²"

    def read(self, value: object) -> tuple[str, float]:
        """`{"answer": "45", "confidence": 0.9}`, or a text that holds such an object and nothing else of its kind."""
        answer, confidence = members(_object(value), "answer", "confidence")
        sure = as_number(confidence)
        if not 0 <= sure <= 1:
            raise ValueError("a confidence from 0 to 1 is expected")
        return as_words(answer), sure

    def read_target(self, value: object) -> tuple[str, ...]:
        """A list of right answers."""
        return tuple(as_words(one) for one in texts(value, "right answers"))

    def score(self, output: tuple[str, float] | None, target: tuple[str, ...]) -> float:
        """1 for sure and right; no answer counts as sure and wrong."""
        if output is None:
            return 0.0
        return 1 - (output[1] - float(says(output[0], target))) ** 2

    def measure(
        self, pairs: Sequence[tuple[tuple[str, float] | None, tuple[str, ...]]], seed: int, repeats: int = 1
    ) -> list[Metric]:
        """Brier score (Brier 1950), expected calibration error in ten bins (Guo et al. 2017, eq. 3), accuracy."""
        n = len(pairs)
        sure = np.fromiter((1.0 if output is None else output[1] for output, _target in pairs), float, n)
        said = (output is not None and says(output[0], target) for output, target in pairs)
        right = np.fromiter(said, float, n)
        bins = np.minimum((sure * BINS).astype(int), BINS - 1)

        def figures(drawn: NDArray[np.int64]) -> NDArray[np.float64]:
            n = max(int(drawn.sum()), 1)
            gaps = np.bincount(bins, weights=drawn * (right - sure), minlength=BINS)
            return np.array([float(drawn @ (sure - right) ** 2) / n, float(abs(gaps).sum()) / n])

        every, bounds = figures(np.ones(len(pairs), np.int64)), bootstrap(len(pairs), figures, seed, repeats)
        found = [
            Metric(name, float(value), *interval, len(pairs), resampled(repeats))
            for name, value, interval in zip(self.metrics, every, bounds, strict=False)
        ]
        return [*found, share("accuracy", right, repeats)]


def _object(value: object) -> object:
    """The object in a text, from its first brace to its last; the value itself when it is no text."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value[value.index("{") : value.rindex("}") + 1])
    except ValueError as error:
        raise ValueError("a JSON object is expected") from error
