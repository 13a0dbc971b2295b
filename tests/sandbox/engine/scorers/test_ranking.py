"""Ranked lists against scikit-learn and figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from sild.sandbox.engine.scorers.ranking import Retrieval

pytestmark = pytest.mark.unit


def test_the_discounted_gain_is_scikit_learns():
    grades = {"a": 3.0, "b": 2.0, "c": 0.0, "d": 1.0}
    order = ["b", "c", "a", "d"]
    expected = ndcg_score([[2 ** grades[name] - 1 for name in order]], [np.arange(len(order), 0, -1)], k=10)
    assert Retrieval().score(order, grades) == pytest.approx(expected)


def test_rank_and_recall_by_hand():
    found = {m.name: m for m in Retrieval().measure([(["x", "a"], {"a": 1.0, "b": 1.0}), (None, {"a": 1.0})], 3)}
    assert found["reciprocal_rank"].value == pytest.approx((1 / 2 + 0) / 2)
    assert found["recall_at_10"].value == pytest.approx((1 / 2 + 0) / 2)
    assert found["recall_at_10"].low <= 0.25 <= found["recall_at_10"].high


def test_lists_and_grades_are_read():
    scorer = Retrieval()
    assert scorer.read(["a", "b", "a"]) == ["a", "b"]
    assert scorer.read_target(["a"]) == {"a": 1.0}
    assert scorer.read_target({"a": 2}) == {"a": 2.0}
    for value in ([], {"a": "high"}, "a"):
        with pytest.raises(ValueError, match="expected"):
            scorer.read_target(value)
    assert scorer.score(["a"], {"a": 0.0}) == 0
