"""Like cases alike, confidence that means something, the same answer again."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.scorers.fairness import Calibrated, EvenHanded, Stable

pytestmark = pytest.mark.unit


def figures(found):
    return {metric.name: metric for metric in found}


def test_a_case_is_even_handed_when_all_its_samples_are_decided_alike():
    scorer = EvenHanded()
    first, second = ({"case": name, "answers": ["yes"]} for name in "ab")
    replies = [("yes", first), ("Yes.", first), ("yes", second), ("no", second)]
    found = figures(scorer.measure([(scorer.read(said), scorer.read_target(target)) for said, target in replies], 0))
    assert (found["even_handed"].value, found["even_handed"].n) == (0.5, 2)
    assert found["accuracy"].value == 0.75


def test_confidence_is_held_against_what_was_right():
    scorer = Calibrated()
    target = scorer.read_target(["45"])
    sure, unsure = (
        scorer.read('{"answer": "45", "confidence": 0.95}'),
        scorer.read({"answer": "60", "confidence": 0.05}),
    )
    found = figures(scorer.measure([(sure, target), (unsure, target)], 0))
    assert found["brier_score"].value == pytest.approx((0.05**2 + 0.05**2) / 2)
    assert found["calibration_error"].value == pytest.approx(0.05)
    assert found["accuracy"].value == 0.5
    assert scorer.score(sure, target) == pytest.approx(1 - 0.05**2)


def test_no_answer_counts_as_sure_and_wrong():
    found = figures(Calibrated().measure([(None, ("45",))], 0))
    assert (found["brier_score"].value, found["calibration_error"].value) == (1, 1)
    assert Calibrated().score(None, ("45",)) == 0


@pytest.mark.parametrize("value", ["45", {"answer": "45"}, {"answer": "45", "confidence": 2}, "{not json}", 7])
def test_an_answer_needs_a_confidence(value):
    with pytest.raises(ValueError, match="expected"):
        Calibrated().read(value)


def test_answers_are_stable_when_all_are_the_same():
    scorer = Stable()
    pairs = [("a", "q1"), ("a", "q1"), ("a", "q2"), ("b", "q2"), (None, "q3"), ("a", "q3")]
    read = [(None if said is None else scorer.read(said), scorer.read_target({"case": case})) for said, case in pairs]
    assert scorer.measure(read, 0)[0].value == pytest.approx(1 / 3)
    assert scorer.read({"b": 1, "a": 2}) == scorer.read({"a": 2, "b": 1})
    assert scorer.score(None, "q1") == 0
