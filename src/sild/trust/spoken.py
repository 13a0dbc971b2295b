"""Fingerprints as words that are read aloud over the telephone, in English, Estonian and Ukrainian.

Each language has 256 words of its own, one for each value of a byte, so a fingerprint of 120 bits is 15 words. No two
words of a language differ in one letter only and none is the start of another. The order of the lists never changes.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sild.trust.fingerprint import FINGERPRINT_BYTES, digest_of, spell

LANGUAGES = ("en", "et", "uk")
GROUP = 3
WORD = re.compile(r"[^\W\d_]+")
GHE = str.maketrans("ґ", "г")


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> tuple[str, ...]:
    """The 256 words of a language, by the value that they stand for."""
    from importlib.resources import files

    return tuple((files("sild.trust") / "words" / f"{language}.txt").read_text("utf-8").split())


def say(fingerprint: str, language: str) -> str:
    """The fingerprint as 15 words in five groups of three; in English for a language without a list.

    Raises:
        ValueError: it is no fingerprint.
    """
    known = words(language if language in LANGUAGES else "en")
    spoken = [known[value] for value in digest_of(fingerprint)]
    return ", ".join(" ".join(spoken[start : start + GROUP]) for start in range(0, len(spoken), GROUP))


def hear(text: str) -> str:
    """The fingerprint in letters and digits, from either form, in any of the languages; marks and case do not matter.

    Raises:
        ValueError: it is neither; the sentence names the first word that is in no list, and one like it.
    """
    heard = [_fold(word) for word in WORD.findall(unicodedata.normalize("NFC", text))]
    if len(heard) != FINGERPRINT_BYTES:
        return spell(digest_of(text))
    best = max(LANGUAGES, key=lambda language: len(_values(language).keys() & set(heard)))
    values = _values(best)
    for word in heard:
        if word not in values:
            from difflib import get_close_matches

            like = get_close_matches(word, values, n=1)
            hint = f" Did they say “{words(best)[values[like[0]]]}”?" if like else ""
            raise ValueError(f"“{word}” is none of the words for fingerprints.{hint}")
    return spell(bytes(values[word] for word in heard))


@lru_cache(maxsize=len(LANGUAGES))
def _values(language: str) -> dict[str, int]:
    """Words, as typed on any keyboard, and what they stand for."""
    return {_fold(word): value for value, word in enumerate(words(language))}


def _fold(word: str) -> str:
    """A word without case and marks, so that somebody without the keyboard can type it."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character)).translate(GHE)
