"""What the model says of reports that it has not learnt from: margins by folds.

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
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sild.analyst.engine.features import Floats
    from sild.analyst.engine.model import Model
    from sild.analyst.training.knowledge import Sentence, Technique

FOLDS = 3


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


def told_by(model: Model, sentences: Sequence[Sentence], margins: Floats | None = None) -> Judged:
    """Sentences with what a model says of them, or with other margins of its techniques."""
    texts = [one.text for one in sentences]
    margins = model.linear(texts) if margins is None else margins
    return Judged(tuple(model.ids.tolist()), tuple(sentences), margins, model.told(texts))


def judged(
    general: Sequence[Sentence], pool: Sequence[Sentence], techniques: dict[str, Technique], recipe: fitting.Recipe
) -> Judged:
    """Margins of the pool's sentences, its spans aside, each by a linear model that learnt from the other folds.

    Only techniques that the pool is marked with become classes; a machine of one technique against the rest is the same
    whatever the rest is called. Leads are over fewer others than in the model that ships, so they come out larger here.

    Args:
        general: what every fold's model learns from, but for what quotes the fold.
        pool: annotated reports.
        techniques: by id.
        recipe: as for the model that ships.
    """
    return by_strangers(general, pool, techniques, recipe)[0]


def by_strangers(
    general: Sequence[Sentence],
    pool: Sequence[Sentence],
    techniques: dict[str, Technique],
    recipe: fitting.Recipe,
    adding: Callable[[Sequence[Sentence], Model], Model] | None = None,
) -> tuple[Judged, ...]:
    """The same; and what is added to those margins, when `adding` gives a fold's model what it has learnt besides.

    `adding` is given all labels of what it may learn from, the model's own classes aside.
    """
    marked = {name for one in pool for name in one.techniques}
    parts: list[list[Judged]] = []
    for number in range(FOLDS):
        test = [one for one in pool if _fold(one.group) == number and one.kind != "span"]
        if test:
            learn = [*split.without_copies(general, test), *(one for one in pool if _fold(one.group) != number)]
            model = fitting.fit(_only(learn, marked), techniques, recipe)
            test = _only(test, marked)
            parts.append([told_by(model, test)])
            if adding and (added := adding(learn, model).added):
                parts[-1].append(told_by(model, test, added.margins([one.text for one in test])))
    return tuple(_joined(of_all) for of_all in zip(*parts, strict=True))


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
