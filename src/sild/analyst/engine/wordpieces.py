"""Cuts English text into the pieces of words that BERT's uncased vocabulary has.

After Devlin et al., arXiv:1810.04805, and its `BasicTokenizer` and `WordpieceTokenizer`: lower case without accents,
punctuation by itself, and of each word the longest known piece from the left, again and again.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_INSIDE = "##"  # what a piece begins with that does not begin a word
_LONGEST_WORD = 100
_IDEOGRAPHS = (("\u4e00", "\u9fff"), ("\u3400", "\u4dbf"), ("\uf900", "\ufaff"), ("\U00020000", "\U0002fa1f"))
# ASCII's signs count as punctuation, those too that Unicode calls symbols.
_SIGNS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


@dataclass(frozen=True, slots=True)
class WordPieces:
    """A vocabulary: pieces with their numbers."""

    numbers: dict[str, int]

    @classmethod
    def of(cls, pieces: Sequence[str]) -> WordPieces:
        """The vocabulary in which each piece's number is its place."""
        return cls({piece: place for place, piece in enumerate(pieces)})

    def __call__(self, text: str, most: int) -> list[int]:
        """Numbers of the pieces of a text, `most` of them with those of start and end."""
        found = [self.numbers[START]]
        for word in _words(text):
            found += self._pieces(word)
            if len(found) >= most:
                break
        return [*found[: most - 1], self.numbers[END]]

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self.numbers[UNKNOWN]]
        found, start = [], 0
        while start < len(word):
            begins = _INSIDE if start else ""
            known = (end for end in range(len(word), start, -1) if begins + word[start:end] in self.numbers)
            end = next(known, None)
            if end is None:
                return [self.numbers[UNKNOWN]]
            found.append(self.numbers[begins + word[start:end]])
            start = end
        return found


def _words(text: str) -> Iterator[str]:
    """Words and signs, in lower case and without accents."""
    word: list[str] = []
    for sign in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(sign)
        if kind == "Mn" or sign in "\0\ufffd" or (kind[0] == "C" and sign not in "\t\n\r"):
            continue
        alone = sign in _SIGNS or kind[0] == "P" or _ideograph(sign)
        if not (alone or sign.isspace()):
            word.append(sign)
            continue
        if word:
            yield "".join(word)
            word = []
        if alone:
            yield sign
    if word:
        yield "".join(word)


def _ideograph(sign: str) -> bool:
    """Whether it is one of CJK's, which are words by themselves."""
    return any(first <= sign <= last for first, last in _IDEOGRAPHS)
