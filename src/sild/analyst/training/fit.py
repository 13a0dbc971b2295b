"""Trains the model: linear support vector machines, one versus rest, pruned and rounded to bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.analyst.engine import concepts, documents
from sild.analyst.engine.features import grams, of_concepts, weighted
from sild.analyst.engine.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.analyst.engine.features import Floats, Grams, Ints, Keys
    from sild.analyst.training.knowledge import Sentence, Technique

_NONE = ""  # the class of texts that describe no technique; it competes in training and is then left out
_ROUND = 1e-7
# A sentence that TRAM's annotators left unmarked may still describe a technique that they did not look for.
_WEIGHTS = {"unmarked": 0.3}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a training run can vary.

    Attributes:
        cost: the SVM's C.
        least: in how many texts a word and a character n-gram must stand to count.
        least_sentences: how many sentences a technique needs to become a class.
        weights: how many weights are kept, the largest ones.
        tolerance: where the solver stops; a hundred times scikit-learn's loses no quality and saves most of the time.
    """

    cost: float = 0.6
    least: tuple[int, int] = (2, 3)
    least_sentences: int = 2
    weights: int = 1_000_000
    tolerance: float = 0.02


def fit(train: Sequence[Sentence], techniques: dict[str, Technique], recipe: Recipe) -> Model:
    """Train, without what turns margins into chances; the same input and versions give the same model."""
    cases = examples(train, recipe.least_sentences)
    texts, labels = [text for text, _, _ in cases], np.array([label for _, label, _ in cases])
    importance = np.array([weight for _, _, weight in cases])
    vocabularies = [
        vocabulary(found, len(texts), least) for found, least in zip(grams(texts), recipe.least, strict=True)
    ]
    matrix = _matrix(texts, vocabularies)
    classes, weights, bias = _machines(matrix, labels, importance, recipe)
    return _packed(classes, weights, bias, vocabularies, techniques, recipe.weights)


def trainable_text(sentence: Sentence) -> str:
    """The text without the names of whom it is about, so that no technique is learnt from a name."""
    text = sentence.text
    for name in sentence.subject:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text)
    return text


def examples(train: Sequence[Sentence], least: int) -> list[tuple[str, str, float]]:
    """Text, label and weight; a text with several labels stands once for each."""
    triples = [
        (trainable_text(sentence), label, _WEIGHTS.get(sentence.kind, 1.0))
        for sentence in train
        for label in sentence.techniques or (_NONE,)
    ]
    names, number = np.unique([label for _, label, _ in triples], return_counts=True)
    kept = set(names[number >= least].tolist())
    return [triple for triple in triples if triple[1] in kept]


def vocabulary(found: Grams, size: int, least: int) -> tuple[Keys, Floats]:
    """The n-grams that stand in enough texts, with their inverse document frequency (smoothed, as in scikit-learn)."""
    once = np.unique(found.rows.astype(np.uint64) << np.uint64(32) | found.keys.astype(np.uint64))
    keys, number = np.unique((once & np.uint64(0xFFFFFFFF)).astype(np.uint32), return_counts=True)
    keys, number = keys[number >= least], number[number >= least]
    return keys, (np.log((1 + size) / (1 + number)) + 1).astype(np.float32)


def _matrix(texts: Sequence[str], vocabularies: list[tuple[Keys, Floats]]) -> Any:
    """Texts by features as a sparse matrix."""
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 -- comes with the `train` extra

    blocks = []
    for found, (keys, idf) in zip(grams(texts), vocabularies, strict=True):
        rows, columns, values = weighted(len(texts), found, keys, idf)
        blocks.append(csr_matrix((values.astype(np.float64), (rows, columns)), shape=(len(texts), len(keys))))
    return hstack([*blocks, csr(of_concepts(texts), len(texts))]).tocsr()


def csr(cells: tuple[Ints, Ints, Floats], size: int) -> Any:
    """Texts by concepts as a sparse matrix."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 -- comes with the `train` extra

    rows, columns, values = cells
    return csr_matrix((values.astype(np.float64), (rows, columns)), shape=(size, len(concepts.names())))


def _machines(matrix: Any, labels: Any, importance: Any, recipe: Recipe) -> tuple[Any, Any, Any]:
    """One linear SVM for each class; weights as classes by features."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415 -- comes with the `train` extra

    machine = LinearSVC(C=recipe.cost, tol=recipe.tolerance, random_state=0).fit(matrix, labels, importance)
    classes, weights, bias = machine.classes_, machine.coef_, machine.intercept_
    if len(classes) == 2:  # noqa: PLR2004 -- scikit-learn gives two classes one machine
        weights, bias = np.vstack((-weights, weights)), np.concatenate((-bias, bias))
    real = classes != _NONE
    return classes[real], weights[real], bias[real]


def _packed(
    classes: Any,
    weights: Any,
    bias: Any,
    vocabularies: list[tuple[Keys, Floats]],
    techniques: dict[str, Technique],
    keep: int,
) -> Model:
    """Keep the largest weights, round them to a byte, drop features without any."""
    scale = np.abs(weights).max(axis=1) / 127
    rounded = np.rint(np.round(weights / _ROUND) * _ROUND / scale[:, None]).astype(np.int8)
    size = np.abs(rounded).astype(np.float32) * scale[:, None]
    if np.count_nonzero(rounded) > keep:
        rounded[size < np.partition(size, -keep, axis=None)[-keep]] = 0
    by_feature = rounded.T
    (word_keys, word_idf), (character_keys, character_idf) = vocabularies
    words, ngrams = len(word_keys), len(word_keys) + len(character_keys)
    used = by_feature.any(axis=1)
    used[ngrams:] = True  # concepts are few, and their list is checked whole
    features, columns = np.nonzero(by_feature[used])
    first = np.searchsorted(features, np.arange(used.sum() + 1))
    return Model(
        ids=classes.astype(str),
        names=np.array([techniques[name].name if name in techniques else name for name in classes]),
        word_keys=word_keys[used[:words]],
        word_idf=word_idf[used[:words]],
        character_keys=character_keys[used[words:ngrams]],
        character_idf=character_idf[used[words:ngrams]],
        concepts=np.array(concepts.names()),
        first=first.astype(np.uint32),
        columns=columns.astype(np.uint16),
        weights=by_feature[used][features, columns],
        scale=scale.astype(np.float32),
        bias=bias.astype(np.float32),
        document=np.array([1, *[0] * documents.INPUTS], np.float32),
    )
