"""Techniques that Ukrainian and Estonian sentences name, by phrases whose words may be inflected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .concepts import NOT_DONE

_FILE = "lexicon.txt"
_HEAD = re.compile(r"\[(T\d{4}(?:\.\d{3})?)\]")
_CYRILLIC = re.compile(r"[а-яіїєґ]{3}", re.IGNORECASE)
# One of several ways to write it; the lexicon has the first.
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ‘`", "'"))
_BETWEEN = r"(?:[^\w.]+[\w'-]+){0,3}?[^\w.]+"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of one technique: `stem` must stand in the sentence for `pattern` to be tried."""

    technique: str
    stem: str
    pattern: re.Pattern[str]


@cache
def phrases(language: str) -> tuple[Phrase, ...]:
    """The phrases of `uk` or `et`, with those that stand in Latin letters in both; none for other languages."""
    if language not in {"uk", "et"}:
        return ()
    technique, found = "", []
    for line in (Path(__file__).parent / _FILE).read_text(encoding="utf-8").splitlines():
        head = _HEAD.fullmatch(line.strip())
        technique = head[1] if head else technique
        tongue, colon, written = line.partition(":")
        if not head and colon and tongue in {language, "any"}:
            found += [_phrase(technique, words) for words in map(str.split, written.split(";")) if words]
    return tuple(found)


def language_of(sentence: str, whole: str) -> str:
    """`uk` where Cyrillic words stand, else the language of the whole text."""
    return "uk" if _CYRILLIC.search(sentence) else whole


def named(sentence: str, language: str) -> list[str]:
    """Ids of the techniques that the sentence tells of, in the lexicon's order; none for advice and for denials."""
    lowered = sentence.translate(_APOSTROPHES).lower()
    if not (known := phrases(language)) or NOT_DONE.search(lowered):
        return []
    found = (phrase.technique for phrase in known if phrase.stem in lowered and phrase.pattern.search(lowered))
    return list(dict.fromkeys(found))


def _phrase(technique: str, words: list[str]) -> Phrase:
    parts = [re.escape(word.rstrip("*")) + (r"[\w'-]*" if word.endswith("*") else r"(?!\w)") for word in words]
    longest = max((word.rstrip("*") for word in words), key=len)
    return Phrase(technique, longest, re.compile(r"(?<![\w])" + _BETWEEN.join(parts)))
