"""Which side of the split a family of sentences is on: by a hash, so that nothing leaks and nothing moves."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from sild.analyst.engine.features import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sild.analyst.training.knowledge import Sentence


class _HasText(Protocol):
    @property
    def text(self) -> str: ...


_T = TypeVar("_T", bound=_HasText)
Side = Literal["train", "dev", "held-out"]
HELD_OUT, DEV = 15, 10  # per cent of the families
_SHINGLE = 5  # words
_MOST_SHARED = 0.3


def side(group: str) -> Side:
    """The side of a family: the first four bytes of SHA-256 of its STIX id, modulo 100."""
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big") % 100
    return "held-out" if place < HELD_OUT else "dev" if place < HELD_OUT + DEV else "train"


def divide(sentences: Iterable[Sentence]) -> dict[Side, list[Sentence]]:
    """Divide by family; a text that stands on a testing side too is taken out of training.

    Definitions and detections belong to a technique, not to somebody who uses it, so all of them are for training.
    """
    sides: dict[Side, list[Sentence]] = {"train": [], "dev": [], "held-out": []}
    for sentence in sentences:
        about_technique = sentence.kind in {"definition", "detection"}
        sides["train" if about_technique else side(sentence.group)].append(sentence)
    tested = {normalise(sentence.text) for name in ("dev", "held-out") for sentence in sides[name]}
    sides["train"] = [sentence for sentence in sides["train"] if normalise(sentence.text) not in tested]
    return sides


def without_copies(sentences: Iterable[_T], tested: Iterable[_HasText]) -> list[_T]:
    """The sentences that quote no tested one: those that share under 30 % of their runs of five words with them."""
    seen = {run for sentence in tested for run in _runs(sentence.text)}
    kept = []
    for sentence in sentences:
        runs = _runs(sentence.text)
        if sum(run in seen for run in runs) <= _MOST_SHARED * len(runs):
            kept.append(sentence)
    return kept


def _runs(text: str) -> list[tuple[str, ...]]:
    words = normalise(text).split()
    return [tuple(words[start : start + _SHINGLE]) for start in range(max(1, len(words) - _SHINGLE + 1))]
