"""Contradictions are found whatever else is wrong with the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.plan.engine.consistency import contradictions

pytestmark = pytest.mark.unit

NAMES = st.sampled_from(
    ["parties", "commitments", "evidence", "milestones", "owners", "slug", "from", "due", "differs_from"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(ANYTHING)
def test_nothing_that_stands_in_a_file_makes_it_fail(data):
    for place, sentence in contradictions(data):
        assert place
        assert sentence


def test_parties_that_are_missing_are_named_as_such():
    [(place, sentence)] = contradictions({"commitments": [{"owners": ["A"]}]})
    assert place == ("commitments", 0, "owners", 0)
    assert "missing" in sentence


def test_a_rule_may_ask_for_a_party_that_exists():
    data = {"parties": {"A": {}}, "commitments": [{"evidence": [{"from": "A"}, {"from": "any"}, {"from": "each"}]}]}
    assert list(contradictions(data)) == []
