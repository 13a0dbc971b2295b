"""Figures by hand on a model that says what it is told."""

import numpy as np
import pytest

from sild.analyst.training import measure
from sild.analyst.training.knowledge import Sentence

pytestmark = pytest.mark.unit


class Told:
    """A stand-in for the model: scores are what the test writes down, since only arithmetic is tested here."""

    ids = np.array(["A", "B"])

    def __init__(self, *rows):
        self.rows = np.array(rows, dtype=np.float32)

    def scores(self, texts):
        return self.rows[: len(texts)]

    def evidence(self, texts):
        return self.rows[: len(texts)] / len(texts)


def sentence(*techniques, group="g"):
    return Sentence("x", techniques, group, "procedure")


DATA = [
    sentence("A"),
    sentence("A", group="h"),
    sentence("B", group="h"),
    sentence("C", group="i"),
    sentence(group="i"),
]
TOLD = Told([0.9, 0.1], [0.2, 0.8], [0.1, 0.7], [0.1, 0.1], [0.6, 0.1])


def test_precision_recall_and_f1_are_as_by_hand():
    figures = measure.measure(TOLD, DATA, 0.5)
    # Proposed: A right, B wrong, B right, nothing, A wrong. Labels: A, A, B, C.
    assert figures.micro_precision == pytest.approx(2 / 4)
    assert figures.micro_recall == pytest.approx(2 / 4)
    assert figures.micro_f1 == pytest.approx(1 / 2)
    assert figures.macro_f1 == pytest.approx((2 / 4 + 2 / 3 + 0) / 3)
    assert figures.top1 == pytest.approx(2 / 4)
    assert figures.none_proposed == 1
    assert (figures.sentences, figures.none_sentences, figures.groups, figures.classes) == (4, 1, 3, 3)


def test_scores_that_keep_their_word_have_no_error():
    rows = [[1.0, 0.0]] * 3
    assert measure.measure(Told(*rows), [sentence("A")] * 3, 0.5).calibration_error == pytest.approx(0)
    assert measure.measure(Told(*rows), [sentence("B")] * 3, 0.5).calibration_error == pytest.approx(1)


def test_sentences_of_one_family_are_scored_together_when_told_so():
    rows = [[0.9, 0.1]] * 2
    two = [sentence("A"), sentence("A")]
    assert measure.measure(Told(*rows), two, 0.5).micro_recall == 1
    assert measure.measure(Told(*rows), two, 0.5, together=True).micro_recall == 0
