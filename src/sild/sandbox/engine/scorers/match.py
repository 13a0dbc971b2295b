"""Right or wrong: the output equals the target, or one of several right answers, after both were read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from sild.sandbox.engine.scorers.base import Metric, as_text, as_words, members, share, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """The output equals the target."""

    name: str
    read: Callable[[object], T]
    metrics: tuple[str, ...] = ("accuracy",)
    per_sample: str = "1 for a match, else 0"

    @property
    def read_target(self) -> Callable[[object], T]:
        """A target is read as an output is."""
        return self.read

    def score(self, output: T | None, target: T) -> float:
        """1 for a match."""
        return float(output is not None and output == target)

    def measure(self, pairs: Sequence[tuple[T | None, T]], seed: int, repeats: int = 1) -> list[Metric]:
        """Accuracy."""
        return [share("accuracy", (self.score(*pair) for pair in pairs), repeats)]


class Answer:
    """A short answer in a sentence or alone: right when it says one of the right answers and no other number.

    A solution that answers “It costs 45 euros.” is right where `45` is; “45 or 60” is not, since it did not decide.
    """

    name = "answer"
    metrics: tuple[str, ...] = ("accuracy",)
    per_sample = "1 when one of the right answers is said and no other number, else 0"

    def read(self, value: object) -> str:
        """A text."""
        return as_words(value)

    def read_target(self, value: object) -> tuple[str, ...]:
        """A list of right answers."""
        return tuple(as_words(one) for one in texts(value, "right answers"))

    def score(self, output: str | None, target: tuple[str, ...]) -> float:
        """1 for a right answer."""
        return float(output is not None and says(output, target))

    def measure(self, pairs: Sequence[tuple[str | None, tuple[str, ...]]], seed: int, repeats: int = 1) -> list[Metric]:
        """Accuracy."""
        return [share("accuracy", (self.score(*pair) for pair in pairs), repeats)]


def says(output: str, answers: Sequence[str]) -> bool:
    """Whether a reply, as `as_words` leaves it, says one of the answers and no number that none of them has."""
    if output in answers:
        return True
    said = [one for one in answers if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", output)]
    numbers = {number for one in answers for number in _NUMBER.findall(one)}
    decided = not numbers or set(_NUMBER.findall(output)) <= numbers
    opposite = output.split(" ", 1)[0] in _OPPOSITES and not set(answers) & {output.split(" ", 1)[0]}
    return bool(said) and decided and not opposite


# A reply that begins with yes where no is right says the right word somewhere else at most.
_OPPOSITES = frozenset({"yes", "no", "jah", "ei", "так", "ні"})


class Choice:
    """One of several options, told by its letter or its text."""

    name = "choice"
    metrics: tuple[str, ...] = ("accuracy",)
    per_sample = "1 when the right option is chosen and no other, else 0"

    def read(self, value: object) -> str:
        """A text."""
        return as_words(value)

    def read_target(self, value: object) -> tuple[tuple[str, ...], str]:
        """`{"options": {"a": "Tallinn", "b": "Tartu"}, "right": "a"}`."""
        options, right = members(value, "options", "right")
        if not isinstance(options, dict) or right not in options:
            raise ValueError("options by letter, and the letter of the right one, are expected")
        names = {key: (as_words(key), as_words(as_text(text))) for key, text in options.items()}
        wrong = tuple(word for key, both in names.items() if key != right for word in both)
        return wrong, " ".join(names[right])

    def score(self, output: str | None, target: tuple[tuple[str, ...], str]) -> float:
        """1 for the right option."""
        if output is None:
            return 0.0
        wrong, right = target
        letter, _, text = right.partition(" ")
        if output in {letter, text, right}:
            return 1.0
        spoken = set(output.split())
        named_wrong = any(len(word) > 1 and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", output) for word in wrong)
        named_right = bool(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", output)) or output.split(" ", 1)[0] == letter
        return float(named_right and not named_wrong and not spoken & {word for word in wrong if len(word) == 1})

    def measure(
        self,
        pairs: Sequence[tuple[str | None, tuple[tuple[str, ...], str]]],
        seed: int,
        repeats: int = 1,
    ) -> list[Metric]:
        """Accuracy."""
        return [share("accuracy", (self.score(*pair) for pair in pairs), repeats)]


def as_json(value: object) -> object:
    """Any JSON value, made comparable: `True` is not 1 and `1` is not `1.0`'s text, but numbers compare as numbers."""
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, list):
        return tuple(map(as_json, value))
    if isinstance(value, dict):
        return frozenset((key, as_json(member)) for key, member in value.items())
    return value
