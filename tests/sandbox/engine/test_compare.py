"""Two runs compared sample by sample."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sild.sandbox.engine.compare import compare
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.result import Result

pytestmark = pytest.mark.unit


def results(scores):
    return [Result(place, f"s{place:03}", None, "", score, 1.0, alone=False) for place, score in enumerate(scores)]


def test_equal_runs_differ_by_chance_alone():
    found = compare(results([1, 0, 1, 1]), results([1, 0, 1, 1]))
    assert (found.difference, found.p_value, found.equal, found.differing) == (0, 1, 4, ())


def test_a_clear_difference_is_not_chance():
    found = compare(results([1.0] * 40), results([1.0] * 10 + [0.0] * 30))
    assert (found.difference, found.better, found.worse) == (0.75, 30, 0)
    assert found.low > 0.5
    assert found.p_value < 0.001
    assert found.differing[0] == "s010"


@settings(max_examples=10)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=8, max_size=12))
def test_the_p_value_of_right_and_wrong_is_that_of_the_exact_sign_test(pairs):
    found = compare(results([float(a) for a, _b in pairs]), results([float(b) for _a, b in pairs]))
    exact = stats.binomtest(found.better, found.better + found.worse).pvalue if found.better + found.worse else 1.0
    assert found.p_value == pytest.approx(exact, abs=0.03)


def test_other_samples_cannot_be_compared():
    for left, right in ((results([1]), results([1, 0])), ([], [])):
        with pytest.raises(SandboxError, match="same samples"):
            compare(left, right)
