"""What a scorer is, and the figures it makes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from sild.sandbox.engine.intervals import REPLICATES, bootstrap, clustered, wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

O = TypeVar("O")  # noqa: E741 -- an output, as the scorer read it
T = TypeVar("T")
WILSON = "share of samples; 95 % Wilson score interval"
DESIGN = "share of answers; 95 % Wilson score interval over answers divided by the repeats' design effect"
BOOTSTRAP = f"95 % percentile bootstrap over samples, {REPLICATES} replicates, the suite's seed"
CLUSTERED = f"95 % percentile bootstrap over items with their repeats, {REPLICATES} replicates, the suite's seed"
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ`´‘", "'"))


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


class Scorer(Protocol[O, T]):
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

    def read(self, value: object) -> O:
        """Take an output; ValueError says what form it should have."""

    def read_target(self, value: object) -> T:
        """Take a target; ValueError says what form it should have."""

    def score(self, output: O | None, target: T) -> float:
        """From 0 to 1 for one sample; None stands for no answer."""

    def measure(self, pairs: Sequence[tuple[O | None, T]], seed: int, repeats: int = 1) -> list[Metric]:
        """The figures over outputs and targets, which may be far more than fit into memory: read them one by one.

        Args:
            pairs: those of one item stand together.
            seed: of the bootstrap.
            repeats: how many pairs each item has; answers to one question are less than as many to different ones.
        """


def share(name: str, right: Iterable[float | None], repeats: int = 1) -> Metric:
    """A share of samples, with Wilson's interval, over as many samples as the repeats of items are worth.

    Args:
        name: of the figure.
        right: 1 or 0 for each sample; None for one that it is not about.
        repeats: how many samples each item has.
    """
    told = np.fromiter((np.nan if one is None else one for one in right), float).reshape(-1, repeats)
    found, asked = np.nansum(told, axis=1), (~np.isnan(told)).sum(axis=1)
    total, n = float(found.sum()), int(asked.sum())
    if repeats == 1:
        return Metric(name, total / n if n else 0.0, *wilson(total, n), n, WILSON)
    worth = clustered(found, asked)
    value = total / n if n else 0.0
    return Metric(name, value, *wilson(value * worth, worth), n, DESIGN)


def mean(name: str, values: Iterable[float], seed: int, repeats: int = 1) -> Metric:
    """A mean over samples, with the bootstrap's interval."""
    given = np.fromiter(values, float)
    n = len(given)
    bounds = bootstrap(n, lambda drawn: np.array([float(drawn @ given) / n if n else 0.0]), seed, repeats)[0]
    return Metric(name, float(given.mean()) if n else 0.0, *bounds, n, resampled(repeats))


def resampled(repeats: int) -> str:
    """How the bootstrap's interval is made."""
    return BOOTSTRAP if repeats == 1 else CLUSTERED


def as_text(value: object) -> str:
    """A text, or a number as one; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("a text is expected")  # noqa: TRY004 -- the interface says ValueError
    return str(value)


def as_words(value: object) -> str:
    """A text without case, punctuation and spacing (Unicode NFKC and case folding).

    The apostrophes of Ukrainian spelling are one, and stay: `п’ять` is not `пять`.
    """
    folded = unicodedata.normalize("NFKC", as_text(value)).casefold().translate(_APOSTROPHES)
    return " ".join(re.sub(r"[^\w\s']|_", " ", folded).split())


def texts(value: object, what: str) -> list[str]:
    """A list of at least one text; ValueError names what it is of."""
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
        raise ValueError(f"a list of {what} is expected")
    return value


def members(value: object, *names: str) -> list[Any]:
    """The members of an object that has exactly these; ValueError names them."""
    if not isinstance(value, dict) or set(value) != set(names):
        raise ValueError(f"an object with the members {', '.join(names)} is expected")
    return [value[name] for name in names]


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
