"""Drift: shown, excluded, or neither."""

from __future__ import annotations

import pytest

from sild.sandbox.engine import drift
from sild.sandbox.engine.result import Result

pytestmark = pytest.mark.unit


def results(scores):
    return [Result(place, f"s{place:03}", None, "", score, 1.0, alone=False) for place, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("now", "bound", "state"),
    [
        ([1] * 100, 0.05, "steady"),
        ([0] * 40 + [1] * 60, 0.05, "drifted"),
        ([0] * 5 + [1] * 95, 0.05, "unclear"),
        ([0] * 2 + [1] * 98, 0.2, "steady"),
    ],
)
def test_the_state_follows_from_the_interval_and_the_bound(now, bound, state):
    found = drift.find(results([1] * 100), results(now), bound)
    assert found.state == state == drift.state_of(found.facts["low"], found.facts["high"], bound)
    assert found.facts["drop"] == pytest.approx(1 - sum(now) / 100)
    assert found.facts["samples"] == 100


def test_getting_better_is_no_drift():
    assert drift.find(results([0] * 50), results([1] * 50), 0.0).state == "steady"
