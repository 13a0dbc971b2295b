"""Right or wrong: equal values, equal words, an answer in a sentence, one of several options."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.scorers import SCORERS
from sild.sandbox.engine.scorers.base import as_words, member
from sild.sandbox.engine.scorers.match import Answer, Choice, as_json

pytestmark = pytest.mark.unit

OPTIONS = {"options": {"a": "Tallinn", "b": "Tartu", "c": "Uus Tartu"}, "right": "b"}


def figures(found):
    return {metric.name: metric for metric in found}


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (None, False, False),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": [None]}, {"b": [None], "a": 1}, True),
        ("a", "A", False),
        (0, False, False),
    ],
)
def test_exact_compares_json_values(left, right, same):
    assert (as_json(left) == as_json(right)) is same


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("  Tere,  MAAILM! ", "tere maailm", True),
        ("п’ять", "П'ЯТЬ", True),
        ("п’ять", "пять", False),
        ("Ｆｕｌｌ", "full", True),
        ("õ", "o", False),
        ("5", 5, True),
        ("straße", "STRASSE", True),
    ],
)
def test_normalised_compares_words(left, right, same):
    assert (as_words(left) == as_words(right)) is same


@pytest.mark.parametrize("value", [True, None, [], {}])
def test_normalised_reads_texts_and_numbers_only(value):
    with pytest.raises(ValueError, match="text"):
        as_words(value)


def test_accuracy_counts_what_has_no_answer_as_wrong():
    found = figures(SCORERS["exact"].measure([(1, 1), (2, 1), (None, 1), (1, 1)], 0))
    assert (found["accuracy"].value, found["accuracy"].n) == (0.5, 4)


@pytest.mark.parametrize(
    ("reply", "answers", "right"),
    [
        ("It costs 45 euros.", ["45"], True),
        ("45", ["45"], True),
        ("145", ["45"], False),
        ("45 or 60 euros", ["45"], False),
        ("до 15:00", ["15", "15:00"], True),
        ("Так, можна.", ["так"], True),
        ("No, although yes is often heard.", ["yes"], False),
        ("Ei, see ei ole vajalik.", ["ei"], True),
        ("I do not know", ["no"], False),
        ("п'яти", ["п’яти"], True),
    ],
)
def test_an_answer_is_found_in_a_sentence_and_must_be_decided(reply, answers, right):
    scorer = Answer()
    assert scorer.score(scorer.read(reply), scorer.read_target(answers)) == float(right)


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("b", 1),
        ("B) Tartu", 1),
        ("Tartu", 1),
        ("Tallinn", 0),
        ("Tallinn or Tartu", 0),
        ("a", 0),
        ("Uus Tartu", 0),
        ("", 0),
    ],
)
def test_a_choice_is_told_by_letter_or_text_and_must_be_one(reply, right):
    scorer = Choice()
    assert scorer.score(scorer.read(reply), scorer.read_target(OPTIONS)) == right


@pytest.mark.parametrize("value", [[], "45", [1], [""], None])
def test_right_answers_are_a_list_of_texts(value):
    with pytest.raises(ValueError, match="right answers"):
        Answer().read_target(value)


@pytest.mark.parametrize(
    "value", [{"options": {"a": "x"}, "right": "b"}, {"options": [], "right": "a"}, {"right": "a"}, 1]
)
def test_a_choice_needs_options_and_a_right_one(value):
    with pytest.raises(ValueError, match="expected"):
        Choice().read_target(value)


def test_no_answer_is_wrong_for_both():
    assert figures(Answer().measure([(None, ("x",))], 0))["accuracy"].value == 0
    assert figures(Choice().measure([(None, ((), "a x"))], 0))["accuracy"].value == 0


def test_a_member_of_an_output_is_scored_when_the_suite_names_it():
    assert member({"a": 1}, "a") == 1
    assert member([1], "") == [1]
    for value in ({"b": 1}, [1], None):
        with pytest.raises(ValueError, match="member a"):
            member(value, "a")


def test_every_scorer_says_what_its_figures_are():
    for name, scorer in SCORERS.items():
        assert scorer.name == name
        assert scorer.per_sample
        assert {metric.name for metric in scorer.measure([], 0)} == set(scorer.metrics)
