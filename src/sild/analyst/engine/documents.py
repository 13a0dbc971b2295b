"""The chance that a text shows a technique, from what all its sentences say, and each sentence's share in it.

The same margin means more in a notice of six sentences than in a report of three hundred, and a second sentence about a
technique makes the first one more credible; so a text is judged as a whole, and its sentences are the evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

INPUTS = 6
# A margin as a rough chance, so that those of many sentences can be added up.
_STEEP, _OFFSET, _LEAST = 4.0, 1.5, 0.05


def leads(margins: Floats) -> Floats:
    """How far each margin is ahead of the best other margin of the same sentence; negative for all but the best."""
    if margins.shape[1] < 2:  # noqa: PLR2004 -- there is no other technique
        return np.zeros_like(margins)
    best = np.partition(margins, -2, axis=1)[:, -2:]
    lead: Floats = margins - np.where(margins == best[:, 1:], best[:, :1], best[:, 1:])
    return lead


def inputs(margins: Floats, told: Floats) -> Any:
    """What a text's chances rest on, techniques by `INPUTS`.

    The best and the second best margin, the logarithm of the expected number of sentences, the best lead, the logarithm
    of the number of sentences that rules tell of it, and that of the number of sentences.

    Args:
        margins: sentences by techniques, one sentence at least.
        told: of the same shape, 1 where a rule tells of the technique.
    """
    best = np.sort(margins, axis=0)[::-1][:2]
    expected, lead = _rough(margins).sum(axis=0), leads(margins).max(axis=0)
    return _columns(best[0], best[-1], expected, lead, told.sum(axis=0), len(told))


def alone(margins: Floats, told: Floats) -> Any:
    """The same of each sentence as a text of its own, sentences by techniques by `INPUTS`."""
    return _columns(margins, margins, _rough(margins), leads(margins), told, 1)


def chance(given: Any, weights: Floats) -> Any:
    """Logistic function of the weighed inputs; the last weight is the offset."""
    return 1 / (1 + np.exp(-(given @ weights[:-1] + weights[-1])))


def evidence(margins: Floats, told: Floats, weights: Floats) -> Floats:
    """Sentences by techniques: the text's chance at the sentence that says most, less at those that say less."""
    if not len(margins):
        return np.zeros_like(margins)
    each = chance(alone(margins, told), weights)
    shares: Floats = (each / each.max(axis=0) * chance(inputs(margins, told), weights)).astype(np.float32)
    return shares


def _rough(margins: Floats) -> Any:
    return 1 / (1 + np.exp(-(_STEEP * margins + _OFFSET)))


def _columns(best: Any, second: Any, expected: Any, lead: Any, told: Any, sentences: int) -> Any:
    length = np.full_like(best, np.log(sentences))
    return np.stack((best, second, np.log(expected + _LEAST), lead, np.log1p(told), length), axis=-1)
