"""Measures a model on labelled sentences: what is printed, what stands in the card, what a test measures again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sild.analyst.engine.model import Model
    from sild.analyst.training.knowledge import Sentence

REPLICATES = 1000
_BINS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Quality on a set of sentences; macro figures average over the techniques that occur in labels or proposals.

    Attributes:
        sentences, none_sentences, groups, classes: how many, with a label, without one, their families, techniques.
        micro_f1_low, micro_f1_high: 95 % interval by resampling whole families, since sentences of one are alike.
        top1: share of labelled sentences whose likeliest technique is a right one.
        none_proposed: share of the sentences without a label for which something was proposed all the same.
        calibration_error: mean distance between score and share of right ones, over ten bins of the scores.
    """

    sentences: int
    none_sentences: int
    groups: int
    classes: int
    micro_f1: float
    micro_f1_low: float
    micro_f1_high: float
    micro_precision: float
    micro_recall: float
    macro_f1: float
    macro_precision: float
    macro_recall: float
    top1: float
    none_proposed: float
    calibration_error: float

    def as_dict(self) -> dict[str, Any]:
        """As the card has it: rounded to four places, so that it can be compared."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def measure(model: Model, sentences: Sequence[Sentence], threshold: float, *, together: bool = False) -> Figures:
    """Score the sentences and compare what is proposed at `threshold` with their labels.

    Args:
        model: whose scores.
        sentences: with labels.
        threshold: least score.
        together: whether a family's sentences are one text, else each is scored by itself.
    """
    scores = _together(model, sentences) if together else model.scores([sentence.text for sentence in sentences])
    known = {name: place for place, name in enumerate(model.ids.tolist())}
    extra = sorted({name for sentence in sentences for name in sentence.techniques} - set(known))
    columns = {**known, **{name: len(known) + place for place, name in enumerate(extra)}}
    truth = np.zeros((len(sentences), len(columns)), dtype=bool)
    for row, sentence in enumerate(sentences):
        truth[row, [columns[name] for name in sentence.techniques]] = True
    proposed = np.zeros_like(truth)
    proposed[:, : scores.shape[1]] = scores >= threshold
    labelled = truth.any(axis=1)
    groups = np.unique([sentence.group for sentence in sentences], return_inverse=True)[1]
    low, high = _interval(truth, proposed, groups)
    best = scores.argmax(axis=1)
    return Figures(
        sentences=int(labelled.sum()),
        none_sentences=int((~labelled).sum()),
        groups=int(groups.max() + 1),
        classes=int(truth.any(axis=0).sum()),
        **_micro(truth, proposed),
        micro_f1_low=low,
        micro_f1_high=high,
        **_macro(truth, proposed),
        top1=float(truth[np.arange(len(truth)), best][labelled].mean()),
        none_proposed=float(proposed[~labelled].any(axis=1).mean()) if (~labelled).any() else 0.0,
        calibration_error=_calibration_error(scores, truth[:, : scores.shape[1]]),
    )


def _together(model: Model, sentences: Sequence[Sentence]) -> NDArray[np.float32]:
    """Each family's sentences scored as one text."""
    of = np.array([sentence.group for sentence in sentences])
    scores = np.zeros((len(sentences), len(model.ids)), np.float32)
    for name in set(of.tolist()):
        rows = np.flatnonzero(of == name)
        scores[rows] = model.evidence([sentences[row].text for row in rows.tolist()])
    return scores


def _micro(truth: NDArray[np.bool_], proposed: NDArray[np.bool_]) -> dict[str, float]:
    right, given, wanted = (truth & proposed).sum(), proposed.sum(), truth.sum()
    return {
        "micro_f1": float(2 * right / max(1, given + wanted)),
        "micro_precision": float(right / max(1, given)),
        "micro_recall": float(right / max(1, wanted)),
    }


def _macro(truth: NDArray[np.bool_], proposed: NDArray[np.bool_]) -> dict[str, float]:
    occurs = truth.any(axis=0) | proposed.any(axis=0)
    right = (truth & proposed).sum(axis=0)[occurs]
    given, wanted = proposed.sum(axis=0)[occurs], truth.sum(axis=0)[occurs]
    return {
        "macro_f1": float((2 * right / np.maximum(1, given + wanted)).mean()),
        "macro_precision": float((right / np.maximum(1, given)).mean()),
        "macro_recall": float((right / np.maximum(1, wanted)).mean()),
    }


def _interval(truth: NDArray[np.bool_], proposed: NDArray[np.bool_], groups: NDArray[np.int64]) -> tuple[float, float]:
    """95 % percentile bootstrap of micro F1 over families, with a fixed seed."""
    right = np.bincount(groups, (truth & proposed).sum(axis=1))
    both = np.bincount(groups, proposed.sum(axis=1) + truth.sum(axis=1))
    drawn = np.random.default_rng(0).integers(0, len(right), (REPLICATES, len(right)))
    f1 = 2 * right[drawn].sum(axis=1) / np.maximum(1, both[drawn].sum(axis=1))
    low, high = np.percentile(f1, [2.5, 97.5])
    return float(low), float(high)


def _calibration_error(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """Expected calibration error of each sentence's likeliest technique."""
    rows = np.arange(len(scores))
    best = scores.argmax(axis=1)
    score, right = scores[rows, best].astype(float), truth[rows, best].astype(float)
    place = np.minimum((score * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(place, score, minlength=_BINS) - np.bincount(place, right, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(scores))
