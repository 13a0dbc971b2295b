"""Hashed word and character n-grams with TF-IDF weights, the same code for training and for use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import concepts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Keys = NDArray[np.uint32]
    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

_NOT_WORD = re.compile(r"[\W_]++")
_CHARACTER_GRAMS = (3, 4, 5)
_MULTIPLIER = np.uint32(0x9E3779B1)
_PAIR = np.uint32(0x85EBCA6B)
_LONGEST_WORD = 64
_SPACE, _BREAK = 32, 10
# What one concept and one technique told of weigh beside the n-grams of a text, whose squares sum to two.
_CONCEPT, _TECHNIQUE = 0.1, 0.3


def normalise(text: str) -> str:
    """Lower case, words separated by one space, nothing else."""
    return _NOT_WORD.sub(" ", text).strip().lower()


@dataclass(frozen=True, slots=True)
class Grams:
    """Hashed n-grams of a batch: `keys[i]` occurs in the text number `rows[i]`; repeated when it occurs again."""

    rows: Ints
    keys: Keys


def grams(texts: Sequence[str]) -> tuple[Grams, Grams]:
    """Hash the words and pairs of words, and the 3 to 5 characters within words, of each text."""
    joined = "\n".join(f" {normalise(text)} " for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    rows = np.cumsum(codes == _BREAK)
    return _words(codes, rows), _characters(codes, rows)


def _words(codes: Keys, rows: Ints) -> Grams:
    """Words and neighbouring words; a word's hash is a polynomial over its characters, modulo 2^32."""
    letters = (codes != _SPACE) & (codes != _BREAK)
    edges = np.diff(letters.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return Grams(np.zeros(0, np.int64), np.zeros(0, np.uint32))
    inside = np.repeat(starts, ends - starts)
    places = np.flatnonzero(letters)
    powers = np.concatenate(([1], np.full(_LONGEST_WORD - 1, _MULTIPLIER, np.uint32))).astype(np.uint32)
    weight = np.cumprod(powers, dtype=np.uint32)[np.minimum(places - inside, _LONGEST_WORD - 1)]
    firsts = np.concatenate(([0], np.cumsum(ends - starts)[:-1]))
    words = np.add.reduceat((codes[places] * weight).astype(np.uint32), firsts, dtype=np.uint32)
    of_word = rows[starts]
    together = of_word[1:] == of_word[:-1]
    pairs = (words[:-1] * _PAIR + words[1:])[together]
    return Grams(np.concatenate((of_word, of_word[1:][together])), np.concatenate((words, pairs)))


def _characters(codes: Keys, rows: Ints) -> Grams:
    """Windows over characters that have a space at their edges at most, so that they stay within one word."""
    blank = (codes == _SPACE) | (codes == _BREAK)
    kept_rows, kept_keys = [], []
    for size in _CHARACTER_GRAMS:
        count = len(codes) - size + 1
        if count < 1:
            continue
        keys = np.full(count, size, dtype=np.uint32)
        inner = np.zeros(count, dtype=bool)
        for offset in range(size):
            keys = keys * _MULTIPLIER + codes[offset : offset + count]
            if 0 < offset < size - 1:
                inner |= blank[offset : offset + count]
        kept_rows.append(rows[:count][~inner])
        kept_keys.append(keys[~inner])
    if not kept_keys:
        return Grams(np.zeros(0, np.int64), np.zeros(0, np.uint32))
    return Grams(np.concatenate(kept_rows), np.concatenate(kept_keys))


def of_concepts(texts: Sequence[str]) -> tuple[Ints, Ints, Floats]:
    """Rows, columns (as `concepts.names` has them) and values of the concepts that the texts hold, read as English."""
    places = {name: place for place, name in enumerate(concepts.names())}
    cells = [
        (row, places[name], weight)
        for row, text in enumerate(texts)
        for told in (concepts.read(text, "en"),)
        for held, weight in ((told.concepts, _CONCEPT), (told.techniques, _TECHNIQUE))
        for name in held
    ]
    rows, columns, values = np.array(cells or np.zeros((0, 3))).T
    return rows.astype(np.int64), columns.astype(np.int64), values.astype(np.float32)


def weighted(size: int, found: Grams, vocabulary: Keys, idf: Floats) -> tuple[Ints, Ints, Floats]:
    """Sublinear term frequency times inverse document frequency of the n-grams that the sorted `vocabulary` has.

    Returns rows, columns and values. Each of the `size` rows is scaled to length one over all its n-grams, the unknown
    ones weighing as much as the rarest known one, so that a text of which little is known has small values.
    """
    if not len(vocabulary):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    cells, number = np.unique(
        found.rows.astype(np.uint64) << np.uint64(32) | found.keys.astype(np.uint64), return_counts=True
    )
    rows, keys = (cells >> np.uint64(32)).astype(np.int64), (cells & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    columns = np.minimum(np.searchsorted(vocabulary, keys), len(vocabulary) - 1)
    known = vocabulary[columns] == keys
    values = (1 + np.log(number)) * np.where(known, idf[columns], idf.max())
    length: Any = np.sqrt(np.bincount(rows, weights=values * values, minlength=size))
    return rows[known], columns[known], (values / np.maximum(length, 1e-12)[rows])[known].astype(np.float32)
