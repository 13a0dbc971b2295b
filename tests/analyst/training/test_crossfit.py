"""Margins of strangers, and thresholds that hold on families that were drawn anew."""

import numpy as np
import pytest

from sild.analyst.training import crossfit, fit
from sild.analyst.training.knowledge import Sentence, Technique

WORDS = {"T1113": "takes screenshots of the desktop", "T1056.001": "logs the keys that users press"}


@pytest.mark.integration
def test_every_report_is_judged_once_by_a_model_that_has_not_seen_it():
    pool = [
        Sentence(f"The malware {words} in case {number}.", (name,), f"report:{number}", "report")
        for number in range(12)
        for name, words in WORDS.items()
    ]
    spans = [Sentence(words, (name,), "report:0", "span") for name, words in WORDS.items()]
    techniques = {name: Technique(name, name, "") for name in WORDS}
    judged = crossfit.judged([], [*pool, *spans], techniques, fit.Recipe())
    assert sorted(judged.sentences, key=lambda one: one.text) == sorted(pool, key=lambda one: one.text)
    assert judged.ids == tuple(sorted(WORDS))
    assert judged.margins.shape == judged.told.shape == judged.truth.shape == (24, 2)
    assert (judged.margins.argmax(axis=1) == judged.truth.argmax(axis=1)).all()
    assert len(set(judged.groups.tolist())) == 12


@pytest.mark.unit
def test_the_best_threshold_is_between_what_is_right_and_what_is_wrong():
    scores, truth = np.array([[0.7, 0.3], [0.8, 0.2]]), np.array([[True, False], [True, False]])
    assert 0.3 < crossfit.best_threshold(scores, truth) <= 0.7


def _many(right_above):
    """Forty families of five; what scores above is right, below it every other one."""
    scores = np.tile(np.linspace(0.1, 0.9, 5), 40)[:, None]
    truth = (scores > right_above) | (np.arange(200) % 2 == 0)[:, None]
    return scores, truth, np.repeat(np.arange(40), 5)


@pytest.mark.unit
def test_a_threshold_is_surely_precise_on_families_drawn_anew():
    scores, truth, groups = _many(0.6)
    at = crossfit.surely_precise(scores, truth, groups)
    given = scores >= at
    assert (truth & given).sum() / given.sum() >= 0.9
    assert 0.3 < at <= 0.7


@pytest.mark.unit
def test_where_nothing_is_precise_or_there_is_too_little_nothing_is_strong():
    scores, truth, groups = _many(1.0)
    assert crossfit.surely_precise(scores, truth, groups) == 1.0
    assert crossfit.surely_precise(scores[:5], scores[:5] > 0, groups[:5]) == 1.0


@pytest.mark.unit
def test_one_family_with_many_right_ones_does_not_make_a_threshold_sure():
    scores = np.full((300, 1), 0.9)
    truth = np.ones((300, 1), bool)
    groups = np.concatenate((np.zeros(270, int), np.repeat(np.arange(1, 11), 3)))
    truth[270:] = False
    assert (truth.sum() / 300) >= 0.9
    assert crossfit.surely_precise(scores, truth, groups) == 1.0
