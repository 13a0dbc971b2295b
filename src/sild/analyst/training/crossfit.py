"""What the model says of reports that it has not learnt from: margins by folds, to calibrate and to choose thresholds.

Each fold is a third of the reports that are not held out, whole reports by a hash. A model that has seen neither the
fold nor ATT&CK texts that quote it says its margins; so every report of the pool is judged by a stranger to it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sild.analyst.training import fit as fitting
from sild.analyst.training import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sild.analyst.engine.features import Floats
    from sild.analyst.training.knowledge import Sentence, Technique

FOLDS = 3
_DRAWS = 1000
_GRID = np.round(np.arange(0.05, 0.9951, 0.005), 3)
_SLACK = 0.01
_FEWEST = 20  # proposals; a share of fewer says nothing


@dataclass(frozen=True, slots=True)
class Judged:
    """Sentences with margins and rules (sentences by techniques `ids`) of a model that has not learnt from them."""

    ids: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    margins: Floats
    told: Floats

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Which technique each sentence is marked with."""
        return np.array([[name in one.techniques for name in self.ids] for one in self.sentences])

    @property
    def groups(self) -> NDArray[np.int64]:
        """The number of each sentence's family."""
        return np.unique([one.group for one in self.sentences], return_inverse=True)[1]


def judged(
    general: Sequence[Sentence], pool: Sequence[Sentence], techniques: dict[str, Technique], recipe: fitting.Recipe
) -> Judged:
    """Margins of the pool's sentences, its spans aside, each by a model that learnt from the other folds.

    Only techniques that the pool is marked with become classes; a machine of one technique against the rest is the same
    whatever the rest is called. Leads are over fewer others than in the model that ships, so they come out larger here.

    Args:
        general: what every fold's model learns from, but for what quotes the fold.
        pool: annotated reports.
        techniques: by id.
        recipe: as for the model that ships.
    """
    marked = {name for one in pool for name in one.techniques}
    general, pool = _only(general, marked), _only(pool, marked)
    parts: list[Judged] = []
    for number in range(FOLDS):
        test = [one for one in pool if _fold(one.group) == number and one.kind != "span"]
        learn = [one for one in pool if _fold(one.group) != number]
        if test:
            model = fitting.fit([*split.without_copies(general, test), *learn], techniques, recipe)
            texts = [one.text for one in test]
            parts.append(Judged(tuple(model.ids.tolist()), tuple(test), model.margins(texts), model.told(texts)))
    return _joined(parts)


def _only(sentences: Sequence[Sentence], techniques: set[str]) -> list[Sentence]:
    """The sentences without labels of other techniques."""
    return [replace(one, techniques=tuple(name for name in one.techniques if name in techniques)) for one in sentences]


def _fold(group: str) -> int:
    """Bytes of the hash that `split.side` has not used."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[4:8], "big") % FOLDS


def _joined(parts: Sequence[Judged]) -> Judged:
    """One table over the techniques that every fold's model knows."""
    ids = sorted(set.intersection(*(set(part.ids) for part in parts)))
    places = [[part.ids.index(name) for name in ids] for part in parts]
    return Judged(
        tuple(ids),
        tuple(one for part in parts for one in part.sentences),
        np.concatenate([part.margins[:, place] for part, place in zip(parts, places, strict=True)]),
        np.concatenate([part.told[:, place] for part, place in zip(parts, places, strict=True)]),
    )


def best_threshold(scores: Floats, truth: NDArray[np.bool_]) -> float:
    """The threshold with the best micro F1."""
    f1 = [2 * (truth & (scores >= at)).sum() / max(1, (scores >= at).sum() + truth.sum()) for at in _GRID]
    return float(_GRID[int(np.argmax(f1))])


def eased(scores: Floats, told: NDArray[np.bool_], truth: NDArray[np.bool_], least: float) -> float:
    """The lowest threshold for what rules tell of whose micro F1 is within a point of the best one.

    Where the figures hardly differ more is shown rather than less: a person decides.
    """
    grid = np.round(np.arange(0.01, max(least, 0.01) + 0.0001, 0.01), 3)
    f1 = []
    for at in grid:
        given = (scores >= least) | (told & (scores >= at))
        f1.append(2 * (truth & given).sum() / max(1, given.sum() + truth.sum()))
    return float(grid[next(place for place, one in enumerate(f1) if one >= max(f1) - _SLACK)])


def surely_precise(
    scores: Floats, truth: NDArray[np.bool_], groups: NDArray[np.int64], precision: float = 0.9
) -> float:
    """The lowest threshold whose precision is at least `precision` in 95 % of draws of whole families; 1 when none is.

    A share of right ones that holds on the families at hand alone would not hold on others; so families are drawn
    anew, with replacement and a fixed seed, and the fifth percentile counts.
    """
    drawn = np.random.default_rng(0).integers(0, int(groups.max()) + 1, (_DRAWS, int(groups.max()) + 1))
    for at in _GRID:
        given = scores >= at
        right = np.bincount(groups, (truth & given).sum(axis=1), minlength=drawn.shape[1])[drawn].sum(axis=1)
        number = np.bincount(groups, given.sum(axis=1), minlength=drawn.shape[1])[drawn].sum(axis=1)
        if given.sum() >= _FEWEST and np.percentile(right / np.maximum(1, number), 5) >= precision:
            return float(at)
    return 1.0
