"""Tells in which of a few languages a text is written, by its letters and commonest words."""

from __future__ import annotations

import re

_SAMPLE = 20_000
_CYRILLIC = re.compile(r"[а-яёіїєґ]", re.IGNORECASE)
_LATIN = re.compile(r"[a-zõäöüšž]", re.IGNORECASE)
_UKRAINIAN, _RUSSIAN = re.compile(r"[іїєґ]", re.IGNORECASE), re.compile(r"[ыэъё]", re.IGNORECASE)
_ESTONIAN = re.compile(
    r"(?<!\w)(?:ja|on|ei|et|mis|ning|oli|kui|see|seda|kes|või|ka|aga|kasutas|kaudu|pahavara)(?!\w)", re.IGNORECASE
)
_ENGLISH = re.compile(r"(?<!\w)(?:the|and|of|to|in|is|was|that|with|for|by|used|which|from|has)(?!\w)", re.IGNORECASE)
_FEWEST_LETTERS = 20


def tell(text: str) -> str:
    """`en`, `et`, `uk`, `ru`, or `und` (BCP 47) when it cannot be told; the first 20,000 characters decide."""
    sample = text[:_SAMPLE]
    cyrillic, latin = len(_CYRILLIC.findall(sample)), len(_LATIN.findall(sample))
    if cyrillic + latin < _FEWEST_LETTERS:
        return "und"
    # A Ukrainian report is full of Latin names and commands, so a third of Cyrillic letters is enough.
    if cyrillic * 2 > latin:
        return "uk" if len(_UKRAINIAN.findall(sample)) >= len(_RUSSIAN.findall(sample)) else "ru"
    estonian, english = len(_ESTONIAN.findall(sample)), len(_ENGLISH.findall(sample))
    if estonian == english:
        return "und"
    return "et" if estonian > english else "en"
