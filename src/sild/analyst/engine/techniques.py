"""Proposes ATT&CK techniques sentence by sentence, each with the sentence that it rests on, or none."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .sentences import split
from .text import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Model
    from .sentences import Sentence

_NAMED = re.compile(r"(?<![\w.])T\d{4}(?:\.\d{3})?(?!\w|\.\d)")
MOST_PER_SENTENCE = 3


@dataclass(frozen=True, slots=True)
class Proposal:
    """One technique proposed for one sentence.

    Attributes:
        technique: the ATT&CK id, as in T1566.001.
        name: the technique's name.
        score: calibrated probability that it is the right label, 0 to 1; 1 when the text names the id itself.
        start, end: the sentence's offsets in the text, in characters.
        basis: `model`, or `named` when the id stands in the sentence.
        strong: whether the score is above the threshold that gave 90 % precision on the development split.
    """

    technique: str
    name: str
    score: float
    start: int
    end: int
    basis: str = "model"
    strong: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def propose(text: str, model: Model, *, threshold: float | None = None) -> list[Proposal]:
    """Proposals in the order of the text, the likeliest first within a sentence; a sentence without one gets none.

    Args:
        text: what was written, in English for the model to have seen its like; see the card.
        model: as loaded.
        threshold: least score; by default the card's, which was chosen for the best F1 on the development split.

    Raises:
        TextError: the text is empty, too long or binary.
    """
    sentences = list(split(check(text)))
    least, strong = thresholds(model)
    least = least if threshold is None else threshold
    found: list[Proposal] = []
    if sentences:
        names = dict(zip(model.ids.tolist(), model.names.tolist(), strict=True))
        for sentence, scores in zip(sentences, model.scores([sentence.text for sentence in sentences]), strict=True):
            named = list(_named(sentence, names))
            told = {proposal.technique for proposal in named}
            ranked = scores.argsort()[::-1][:MOST_PER_SENTENCE]
            found += named
            found += [
                Proposal(
                    technique := str(model.ids[place]), names[technique], round(float(scores[place]), 4),
                    sentence.start, sentence.end, "model", bool(scores[place] >= strong),
                )
                for place in ranked
                if scores[place] >= least and model.ids[place] not in told
            ]  # fmt: skip
    return found


def thresholds(model: Model) -> tuple[float, float]:
    """The card's two thresholds: for the best F1, and for 90 % precision."""
    stated = model.card.get("thresholds", {})
    return float(stated.get("proposed", 0.5)), float(stated.get("strong", 0.9))


def _named(sentence: Sentence, names: dict[str, str]) -> Iterator[Proposal]:
    """Techniques whose id the sentence names itself; an id that the model does not know is no technique here."""
    for technique in dict.fromkeys(_NAMED.findall(sentence.text)):
        if technique in names:
            yield Proposal(technique, names[technique], 1.0, sentence.start, sentence.end, "named", strong=True)
