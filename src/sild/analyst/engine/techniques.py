"""Proposes ATT&CK techniques sentence by sentence, each with the sentence that it rests on, or none."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from . import concepts, lexicon
from .language import tell
from .sentences import split
from .text import check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .features import Floats
    from .indicators import Indicator
    from .model import Model
    from .sentences import Sentence

_NAMED = re.compile(r"(?<![\w.])T\d{4}(?:\.\d{3})?(?!\w|\.\d)")
_WORD = re.compile(r"[^\W\d_]{2,}")
# Kinds that tell what was done: a registry key, a program's name.
_TELLING = frozenset({"cve", "file", "path", "registry"})
_PLACE = " url "  # stands for a place in the net where concepts are read
_LOOKED_AT = 12  # techniques of a sentence; those after them have no score to speak of
MOST_PER_SENTENCE = 4
FEWEST_WORDS = 4  # a heading or a cell of a table has fewer
# A phrase of the lexicon has no probability of its own; on its own it never counts as strong.
PHRASE_SCORE = 0.75


@dataclass(frozen=True, slots=True)
class Proposal:
    """One technique proposed for one sentence.

    Attributes:
        technique: the ATT&CK id, as in T1566.001.
        name: the technique's name.
        score: calibrated probability that the text shows it, 0 to 1, less at sentences that say less of it than the
            best one; 1 when the text names the id itself.
        start, end: the sentence's offsets in the text, in characters.
        basis: `model`, `lexicon` for words in Ukrainian or Estonian, or `named` when the id stands in the sentence.
        strong: whether the score is above the threshold that was surely 90 % precise where it was chosen.
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


def propose(text: str, model: Model, indicators: Sequence[Indicator] = (), *, threshold: float = -1) -> list[Proposal]:
    """Proposals in the order of the text, the likeliest first within a sentence; a sentence without one gets none.

    Args:
        text: what was written, in English for the model to have seen its like; see the card.
        model: as loaded.
        indicators: what `extract` found in the text. Addresses, hashes and names are kept from the model: they say
            nothing of what was done, and `UAC-0010` would look to it like a way around Windows' UAC.
        threshold: least score; by default the card's, which was chosen for the best F1.

    Raises:
        TextError: the text is empty, too long or binary.
    """
    sentences = list(split(check(text)))
    plain, marked = _without(sentences, indicators), _without(sentences, indicators, _PLACE)
    scored = [place for place, words in enumerate(plain) if len(_WORD.findall(words)) >= FEWEST_WORDS]
    scores = dict(zip(scored, model.evidence([plain[place] for place in scored]), strict=True))
    names = dict(zip(model.ids.tolist(), model.names.tolist(), strict=True))
    language = tell(text)
    found: list[Proposal] = []
    for place, sentence in enumerate(sentences):
        named = list(_named(sentence, names))
        if place in scores and threshold <= PHRASE_SCORE:
            named += _phrased(sentence, marked[place], names, language, {proposal.technique for proposal in named})
        told = {proposal.technique for proposal in named}
        found += named
        if place in scores:
            ranked = _ranked(sentence, model, scores[place], threshold)
            found += islice((proposal for proposal in ranked if proposal.technique not in told), MOST_PER_SENTENCE)
    return found


def _ranked(sentence: Sentence, model: Model, scores: Floats, threshold: float) -> Iterator[Proposal]:
    """The likeliest techniques of one sentence."""
    least, strong = thresholds(model)
    for place in scores.argsort()[::-1][:_LOOKED_AT]:
        score = float(scores[place])
        if score >= (threshold if threshold >= 0 else least):
            technique, name = str(model.ids[place]), str(model.names[place])
            yield Proposal(technique, name, round(score, 4), sentence.start, sentence.end, strong=score >= strong)


def _without(sentences: Sequence[Sentence], indicators: Sequence[Indicator], instead: str = " ") -> list[str]:
    """The sentences without the indicators that say nothing of what was done; one pass over both."""
    hidden = [indicator for indicator in indicators if indicator.kind not in _TELLING]
    plain, first = [], 0
    for sentence in sentences:
        while first < len(hidden) and hidden[first].end <= sentence.start:
            first += 1
        parts, reached, place = [], sentence.start, first
        while place < len(hidden) and hidden[place].start < sentence.end:
            parts.append(sentence.text[reached - sentence.start : max(0, hidden[place].start - sentence.start)])
            reached = hidden[place].end
            place += 1
        plain.append(instead.join([*parts, sentence.text[max(0, reached - sentence.start) :]]))
    return plain


def thresholds(model: Model) -> tuple[float, float]:
    """The card's two thresholds: for the best F1, and for precision."""
    stated = model.card.get("thresholds", {})
    return float(stated.get("proposed", 0.5)), float(stated.get("strong", 0.9))


def _named(sentence: Sentence, names: dict[str, str]) -> Iterator[Proposal]:
    """Techniques whose id the sentence names itself; an id that the model does not know is no technique here."""
    for technique in dict.fromkeys(_NAMED.findall(sentence.text)):
        if technique in names:
            yield Proposal(technique, names[technique], 1.0, sentence.start, sentence.end, "named", strong=True)


def _phrased(
    sentence: Sentence, marked: str, names: dict[str, str], language: str, told: set[str]
) -> Iterator[Proposal]:
    """Techniques that a Ukrainian or Estonian sentence tells of: by a phrase, or by concepts near each other.

    In English the same concepts are an input of the model's score.
    """
    tongue = lexicon.language_of(sentence.text, language)
    found = lexicon.named(sentence.text, tongue)
    if tongue != "en":
        found += concepts.told(marked, tongue)
    for technique in dict.fromkeys(found):
        if technique in names and technique not in told:
            yield Proposal(technique, names[technique], PHRASE_SCORE, sentence.start, sentence.end, "lexicon")
