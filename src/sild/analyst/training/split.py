"""Which side of the split a family of sentences is on: by a hash, so that nothing leaks and nothing moves."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from sild.analyst.engine.features import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sild.analyst.training.knowledge import Sentence

Side = Literal["train", "dev", "held-out"]
HELD_OUT, DEV = 15, 10  # per cent of the families


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
