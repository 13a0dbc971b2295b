"""A text's chances: more sentences, rules and shortness make a technique likelier; sentences share what there is."""

import numpy as np
import pytest

from sild.analyst.engine import documents

pytestmark = pytest.mark.unit
# Inputs: best, second best, expected number, lead, rules, length; then the offset.
WEIGHTS = np.array([2, 1, 1, 1, 1, -1, 0], np.float32)


def chances(margins, told=None):
    margins = np.array(margins, np.float32)
    told = np.zeros_like(margins) if told is None else np.array(told, np.float32)
    return documents.chance(documents.inputs(margins, told), WEIGHTS)


def test_a_lead_is_the_distance_to_the_best_other():
    assert documents.leads(np.array([[1.0, 3.0, 2.0]], np.float32)).tolist() == [[-2, 1, -1]]
    assert documents.leads(np.array([[1.0]], np.float32)).tolist() == [[0]]


def test_a_sentence_alone_is_a_text_of_one_sentence():
    margins, told = np.array([[0.3, -0.8]], np.float32), np.array([[0, 1]], np.float32)
    assert documents.alone(margins, told)[0] == pytest.approx(documents.inputs(margins, told))


def test_a_second_sentence_a_rule_and_a_short_text_make_it_likelier():
    once, twice = chances([[0.1, -1], [-1, -1], [-1, -1]]), chances([[0.1, -1], [0.1, -1], [-1, -1]])
    assert twice[0] > once[0]
    assert chances([[0.1, -1]], [[1, 0]])[0] > chances([[0.1, -1]])[0]
    assert chances([[0.1, -1], *[[-1, -1]] * 9])[0] < chances([[0.1, -1], *[[-1, -1]] * 2])[0]


def test_the_best_sentence_has_the_texts_chance_and_the_others_less():
    margins = np.array([[0.5, -1], [0.1, -1], [-1, 0.2]], np.float32)
    shares = documents.evidence(margins, np.zeros_like(margins), WEIGHTS)
    assert shares.max(axis=0) == pytest.approx(chances(margins))
    assert shares[0, 0] > shares[1, 0] > shares[2, 0]


def test_a_text_without_sentences_has_no_evidence():
    nothing = np.zeros((0, 2), np.float32)
    assert documents.evidence(nothing, nothing, WEIGHTS).shape == (0, 2)
