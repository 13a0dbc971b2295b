"""Chances of texts, and thresholds that hold on families that were drawn anew."""

import numpy as np
import pytest

from sild.analyst.engine import documents
from sild.analyst.training import crossfit, judging
from sild.analyst.training.knowledge import Sentence

pytestmark = pytest.mark.unit


def judged(*rows):
    """Sentences as (family, techniques, margin of A, margin of B)."""
    sentences = tuple(Sentence("x", techniques, family, "report") for family, techniques, _, _ in rows)
    margins = np.array([row[2:] for row in rows], np.float32)
    return crossfit.Judged(("A", "B"), sentences, margins, np.zeros_like(margins))


ROWS = judged(("x:1", ("A",), 1.0, -1.0), ("x:1", (), -1.0, -1.0), ("y:1", ("B",), -1.0, 0.5))


def test_a_report_is_one_text_with_all_that_its_sentences_are_marked_with():
    cases = judging.reports(ROWS, among={"A", "B"})
    assert cases.truth.tolist() == [[True, False], [False, True]]
    assert cases.inputs.shape == (2, 2, documents.INPUTS)
    assert judging.reports(ROWS, "y:").truth.tolist() == [[True]]


def test_a_sentence_is_a_text_of_its_own():
    cases = judging.sentences(ROWS)
    assert cases.truth.tolist() == [[True, False], [False, False], [False, True]]
    assert cases.groups.tolist() == [0, 0, 1]


def test_weights_give_what_was_right_the_better_chance():
    cases = judging.sentences(judged(*[("x", ("A",), 1.0, -1.0), ("y", ("B",), -1.0, 1.0)] * 20))
    scores = cases.scores(judging.weights([cases]))
    assert scores[cases.truth].min() > 0.9
    assert scores[~cases.truth].max() < 0.1


def test_a_threshold_is_as_precise_in_each_source_as_was_asked():
    scores = np.array([[0.2], [0.4], [0.4], [0.6]])
    truth = np.array([[False], [True], [False], [True]])
    assert judging.best_mean_threshold([(scores, truth)]) <= 0.4
    assert judging.best_mean_threshold([(scores, truth)], 0.9) > 0.4


def test_the_best_threshold_is_between_what_is_right_and_what_is_wrong():
    scores, truth = np.array([[0.7, 0.3], [0.8, 0.2]]), np.array([[True, False], [True, False]])
    assert 0.3 < judging.best_mean_threshold([(scores, truth)]) <= 0.7


def _many(right_above):
    """Forty families of five; what scores above is right, below it every other one."""
    scores = np.tile(np.linspace(0.1, 0.9, 5), 40)[:, None]
    truth = (scores > right_above) | (np.arange(200) % 2 == 0)[:, None]
    return scores, truth, np.repeat(np.arange(40), 5)


def test_a_threshold_is_surely_precise_on_families_drawn_anew():
    scores, truth, groups = _many(0.6)
    at = judging.surely_precise(scores, truth, groups)
    given = scores >= at
    assert (truth & given).sum() / given.sum() >= 0.9
    assert 0.3 < at <= 0.7


def test_where_nothing_is_precise_or_there_is_too_little_nothing_is_strong():
    scores, truth, groups = _many(1.0)
    assert judging.surely_precise(scores, truth, groups) == 1.0
    assert judging.surely_precise(scores[:5], scores[:5] > 0, groups[:5]) == 1.0


def test_one_family_with_many_right_ones_does_not_make_a_threshold_sure():
    scores = np.full((300, 1), 0.9)
    truth = np.ones((300, 1), bool)
    groups = np.concatenate((np.zeros(270, int), np.repeat(np.arange(1, 11), 3)))
    truth[270:] = False
    assert (truth.sum() / 300) >= 0.9
    assert judging.surely_precise(scores, truth, groups) == 1.0


def test_chances_that_fit_worse_have_a_larger_misfit():
    cases = judging.sentences(judged(*[("x", ("A",), 1.0, -1.0), ("y", ("B",), -1.0, 1.0)] * 20))
    weights = judging.weights([cases])
    assert judging.misfit([cases], weights) < 0.1 < judging.misfit([cases], -weights)
    assert judging.misfit([cases, cases], weights) == pytest.approx(judging.misfit([cases], weights))
