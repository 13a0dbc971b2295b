"""Texts as people really write them: with slips, without diacritics, on the wrong keyboard, in look-alike letters.

Each perturbation changes how a question is spelt and leaves what it asks, so that the right answer stays right. All are
functions of the text and a seed.
"""

from __future__ import annotations

import random
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Letters that look alike in Latin and Cyrillic script (Unicode Technical Standard 39, confusables).
_TO_CYRILLIC = str.maketrans("aceiopxyABCEHIKMOPTX", "асеіорхуАВСЕНІКМОРТХ")
_TO_LATIN = str.maketrans("асеіорхуАВСЕНІКМОРТХ", "aceiopxyABCEHIKMOPTX")
# What the same keys give on the other layout: US English and Ukrainian (enhanced).
_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_UKRAINIAN_KEYS = "йцукенгшщзхїфівапролджєячсмитьбю"
_WITHOUT_MARKS = str.maketrans("õäöüšžÕÄÖÜŠŽ", "oaouszOAOUSZ")
# Cabinet of Ministers of Ukraine, resolution 55 of 2010; letters that begin a word otherwise are simplified.
_ROMAN = {
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ж": "zh", "з": "z", "и": "y",
    "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ь": "", "ю": "iu",
    "я": "ia", "’": "", "'": "",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]{4,}")


def typos(text: str, seed: int) -> str:
    """Two neighbouring letters inside about every fourth longer word change places."""
    generator = random.Random(seed)  # noqa: S311 -- must be repeatable

    def slip(match: re.Match[str]) -> str:
        word = match[0]
        if generator.random() > 0.25:  # noqa: PLR2004
            return word
        at = generator.randrange(1, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return _WORD.sub(slip, text)


def without_marks(text: str, _seed: int) -> str:
    """Without õ, ä, ö, ü, š, ž; without the apostrophe and with и for і and г for ґ in Ukrainian."""
    return text.translate(_WITHOUT_MARKS).translate(str.maketrans("іїґІЇҐ", "иигИИГ")).replace("’", "")


def look_alikes(text: str, seed: int) -> str:
    """About a third of the letters that look alike in the other script are of the other script."""
    generator = random.Random(seed)  # noqa: S311 -- must be repeatable
    table = _TO_LATIN if is_cyrillic(text) else _TO_CYRILLIC
    return "".join(
        character.translate(table) if generator.random() < 0.33 else character  # noqa: PLR2004
        for character in text
    )


def capitals(text: str, _seed: int) -> str:
    """In capitals."""
    return text.upper()


def small_letters(text: str, _seed: int) -> str:
    """Without capitals and without a mark at the end."""
    return text.lower().rstrip("?.!")


def transliterated(text: str, _seed: int) -> str:
    """Ukrainian in Latin letters; other languages decomposed (NFD), which looks the same and is other bytes."""
    if not is_cyrillic(text):
        return unicodedata.normalize("NFD", text)
    return "".join(_ROMAN.get(character.lower(), character) for character in text)


def wrong_layout(text: str, _seed: int) -> str:
    """Typed without changing the keyboard's layout."""
    source, target = (_UKRAINIAN_KEYS, _LATIN_KEYS) if is_cyrillic(text) else (_LATIN_KEYS, _UKRAINIAN_KEYS)
    return text.lower().translate(str.maketrans(source, target))


def spaced(text: str, _seed: int) -> str:
    """No-break spaces and doubled ones, as text copied from a document has."""
    return text.replace(" ", "\u00a0", 2).replace(" ", "  ")


def is_cyrillic(text: str) -> bool:
    """Whether most letters are Cyrillic."""
    letters = [character for character in text if character.isalpha()]
    return sum("\u0400" <= character <= "\u04ff" for character in letters) * 2 > len(letters)


PERTURBATIONS: dict[str, Callable[[str, int], str]] = {
    "typos": typos,
    "without-marks": without_marks,
    "look-alikes": look_alikes,
    "capitals": capitals,
    "small-letters": small_letters,
    "transliterated": transliterated,
    "wrong-layout": wrong_layout,
    "spaced": spaced,
}
