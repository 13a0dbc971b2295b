"""N-grams: stable hashes, one text apart from the other, and weights that shrink with what is unknown."""

import numpy as np
import pytest

from sild.analyst.engine import concepts
from sild.analyst.engine.features import grams, normalise, of_concepts, weighted

pytestmark = pytest.mark.unit


def test_a_text_is_lower_case_words():
    assert normalise("The  Group's cmd.exe_1!") == "the group s cmd exe 1"


def test_hashes_never_change_since_the_model_rests_on_them():
    words, characters = grams(["dump lsass"])
    assert words.keys.tolist() == [2255563526, 3516130822, 3948256648]
    assert len(characters.keys) == 4 + 3 + 2 + 5 + 4 + 3


def test_texts_do_not_leak_into_each_other():
    both, _ = grams(["alpha beta", "gamma"])
    one, _ = grams(["alpha beta"])
    other, _ = grams(["gamma"])
    assert both.keys[both.rows == 0].tolist() == one.keys.tolist()
    assert both.keys[both.rows == 1].tolist() == other.keys.tolist()


@pytest.mark.parametrize("texts", [[], [""], ["...", "!"], ["a"]])
def test_little_or_nothing_is_fine(texts):
    words, characters = grams(texts)
    assert len(words.keys) == len(words.rows)
    assert len(characters.keys) == len(characters.rows)


def test_a_row_is_shorter_the_less_of_it_is_known():
    vocabulary = np.unique(grams(["alpha beta"])[0].keys)
    idf = np.ones(len(vocabulary), np.float32)
    lengths = []
    for text in ("alpha beta", "alpha beta and many other words"):
        _rows, _columns, values = weighted(1, grams([text])[0], vocabulary, idf)
        lengths.append(float(np.sqrt((values**2).sum())))
    assert lengths[0] == pytest.approx(1)
    assert lengths[1] < 0.7


def test_an_empty_vocabulary_knows_nothing():
    empty = np.zeros(0, np.uint32)
    assert [len(part) for part in weighted(1, grams(["a b"])[0], empty, np.zeros(0, np.float32))] == [0, 0, 0]


def test_concepts_of_a_text_are_columns_and_a_technique_weighs_more_than_a_concept():
    rows, columns, values = of_concepts(["nothing here", "It deletes the backups."])
    names = concepts.names()
    told = {names[column]: round(float(value), 2) for row, column, value in zip(rows, columns, values, strict=True)}
    assert set(rows.tolist()) == {1}
    assert told == {"backup": 0.1, "delete": 0.1, "disable": 0.1, "T1490": 0.3}
    assert [len(part) for part in of_concepts([])] == [0, 0, 0]
