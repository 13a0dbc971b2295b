"""Learns how likely a text shows a technique, from texts that the machines have not learnt from; chooses thresholds.

A text is a report with all its sentences, or a sentence of ATT&CK that stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.analyst.engine import documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sild.analyst.engine.features import Floats
    from sild.analyst.training.crossfit import Judged

_NEAR = 10
_DRAWS = 1000
_GRID = np.round(np.arange(0.05, 0.9951, 0.005), 3)
_FEWEST = 20  # proposals; a share of fewer says nothing


@dataclass(frozen=True, slots=True)
class Cases:
    """Texts of one source.

    Attributes:
        inputs: texts by techniques by `documents.INPUTS`.
        truth: whether the text is marked with the technique.
        groups: the number of each text's family.
        telling: pairs that the chance is learnt from; all when None.
    """

    inputs: Any
    truth: NDArray[np.bool_]
    groups: NDArray[np.int64]
    telling: NDArray[np.bool_] | None = None

    def scores(self, weights: Floats) -> Any:
        """The chance of each technique in each text."""
        return documents.chance(self.inputs, weights)


def reports(judged: Judged, beginning: str = "", among: set[str] | None = None) -> Cases:
    """Each family whose name begins so as one text.

    Args:
        judged: sentences, with whose family they are.
        beginning: of the families' names.
        among: techniques that count; by default those that one of the texts is marked with.
    """
    of = np.array([one.group for one in judged.sentences])
    rows = [np.flatnonzero(of == name) for name in sorted(set(of.tolist())) if name.startswith(beginning)]
    truth = np.array([judged.truth[row].any(axis=0) for row in rows])
    counted = np.array([name in among for name in judged.ids]) if among else truth.any(axis=0)
    given = np.array([documents.inputs(judged.margins[row], judged.told[row])[counted] for row in rows])
    return Cases(given, truth[:, counted], np.arange(len(rows)))


def sentences(judged: Judged) -> Cases:
    """Each sentence as one text; techniques that none of them is marked with are left out.

    Only its nearest techniques, those that rules tell of and the right ones are to be learnt from: the others are
    hundreds to one, and a fit to them is a poor fit where it matters.
    """
    truth = judged.truth
    marked = truth.any(axis=0)
    margins, told, truth = judged.margins[:, marked], judged.told[:, marked], truth[:, marked]
    least = np.sort(margins, axis=1)[:, -min(_NEAR, margins.shape[1])][:, None]
    given = documents.alone(judged.margins, judged.told)[:, marked]
    return Cases(given, truth, judged.groups, (margins >= least) | (told > 0) | truth)


def weights(sources: Sequence[Cases]) -> Floats:
    """Fit the chance to the inputs by Newton's method; the sources weigh alike."""
    parts = [_pairs(one) for one in sources]
    given, target = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    most = max(len(part[1]) for part in parts)
    weight = np.concatenate([np.full(len(part[1]), most / len(part[1])) for part in parts])
    solution = np.zeros(given.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-given @ solution))
        gradient = given.T @ (weight * (chance - target)) + 1e-3 * solution
        curvature = (given * (weight * chance * (1 - chance))[:, None]).T @ given + 1e-3 * np.eye(len(solution))
        solution = solution - np.linalg.solve(curvature, gradient)
    return np.round(solution, 4).astype(np.float32)


def misfit(sources: Sequence[Cases], weights: Floats) -> float:
    """How badly the chances fit: the mean log-loss of the telling pairs, the sources weighing alike."""
    losses = []
    for given, target in map(_pairs, sources):
        logit = given @ weights
        losses.append(float((np.logaddexp(0, logit) - target * logit).mean()))
    return float(np.mean(losses))


def _pairs(one: Cases) -> tuple[Any, Any]:
    """Inputs with a column of ones, and the truth, of the telling pairs of a text and a technique."""
    telling = np.ones_like(one.truth) if one.telling is None else one.telling
    given = one.inputs[telling]
    return np.column_stack((given, np.ones(len(given)))).astype(float), one.truth[telling].astype(float)


def best_mean_threshold(tables: Sequence[tuple[Any, NDArray[np.bool_]]], precision: float = 0) -> float:
    """The threshold with the best mean of the sources' micro F1, each as a part of its own best one.

    Args:
        tables: scores and truth of each source.
        precision: what every source must reach, where there is a threshold at which all do.
    """
    rows = [[figures(scores >= at, truth) for at in _GRID] for scores, truth in tables]
    f1 = np.array([[one["f1"] for one in row] for row in rows])
    mean = (f1 / np.maximum(f1.max(axis=1), 1e-9)[:, None]).mean(axis=0)
    enough = np.array([[one["precision"] >= precision for one in row] for row in rows]).all(axis=0)
    return float(_GRID[int(np.argmax(np.where(enough, mean, mean - 1)))])


def figures(given: NDArray[np.bool_], truth: NDArray[np.bool_]) -> dict[str, float]:
    """Micro F1, precision, recall and the number of proposals, rounded as the card has them."""
    right, number, wanted = int((given & truth).sum()), int(given.sum()), int(truth.sum())
    return {
        "f1": round(2 * right / max(1, number + wanted), 4),
        "precision": round(right / max(1, number), 4),
        "recall": round(right / max(1, wanted), 4),
        "proposed": number,
    }


def surely_precise(scores: Any, truth: NDArray[np.bool_], groups: NDArray[np.int64], precision: float = 0.9) -> float:
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
