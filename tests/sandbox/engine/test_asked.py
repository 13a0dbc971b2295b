"""What a run asks, without a list of it."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.sandbox.engine.asked import Asked

pytestmark = pytest.mark.unit


def test_rounds_follow_each_other():
    asked = Asked(array("L", [3, 5]), 2)
    assert list(asked) == [(3, 0), (5, 0), (3, 1), (5, 1)]
    assert (asked[-1], asked[1:3], len(asked)) == ((5, 1), [(5, 0), (3, 1)], 4)
    with pytest.raises(IndexError):
        asked[4]


def test_nothing_is_asked_of_nothing():
    assert list(Asked(range(0), 3)) == []
    assert list(Asked(range(0)).without([(1, 0)])) == []


@given(
    st.sets(st.integers(0, 30)).map(sorted),
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), max_size=60),
)
def test_what_is_left_is_what_was_not_answered_in_the_same_order(chosen, repeats, answered):
    every = [(position, repeat) for repeat in range(repeats) for position in chosen]
    left = Asked(chosen, repeats).without(answered)
    assert list(left) == [one for one in every if one not in answered]
    assert list(left.without(answered[:1])) == list(left)
