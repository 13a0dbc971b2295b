"""Numbers, formulas and errors of a regression."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from sild.sandbox.engine.scorers import expressions
from sild.sandbox.engine.scorers.quantities import Numeric, Regression, Symbolic, as_number

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (5, 5),
        ("12,5", 12.5),
        ("1 234.5 euros", 1234.5),
        ("−3", -3),
        ("1e3", 1000),
        ("about 7", 7),
        ("1\u00a0500", 1500),
    ],
)
def test_a_number_is_read_as_people_write_it(text, number):
    assert as_number(text) == number


@pytest.mark.parametrize("text", ["none", "2 or 3", "", True, None, float("nan"), "1e999"])
def test_what_is_not_one_number_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        as_number(text)


def test_a_number_is_right_within_the_tolerance():
    scorer = Numeric()
    target = scorer.read_target({"value": 12.5, "tolerance": 0.1})
    assert [scorer.score(one, target) for one in (12.5, 12.59, 12.7, None)] == [1, 1, 0, 0]
    assert scorer.measure([(12.5, target), (13.0, target)], 0)[0].value == 0.5


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("(a+b)^2", "a^2 + 2*a*b + b^2", True),
        ("(a+b)^2", "a^2 + b^2", False),
        ("sin(x)^2 + cos(x)^2", "1", True),
        ("1/2", "0.5", True),
        ("sqrt(x)", "x**0.5", True),
        ("-x", "x", False),
        ("1/0", "1/0", False),
        ("a", "b", False),
    ],
)
def test_formulas_are_equal_when_their_values_are(left, right, same):
    scorer = Symbolic()
    assert scorer.score(scorer.read(left), scorer.read_target(right)) == float(same)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.b",
        "x[0]",
        "lambda: 1",
        "foo(1)",
        "ab + 1",
        "'a'",
        "True",
        "(" * 300,
        "1" * 501,
        "",
    ],
)
def test_nothing_but_formulas_is_read(text):
    with pytest.raises(ValueError, match="formula"):
        expressions.parse(text)


def test_a_formula_that_would_take_for_ever_has_no_value():
    assert not expressions.same(expressions.parse("9^9^9^9^9"), expressions.parse("1"))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=3, max_size=12))
def test_errors_of_a_regression_are_scikit_learns(pairs):
    found = {metric.name: metric for metric in Regression().measure(pairs, 1)}
    outputs, targets = zip(*pairs, strict=True)
    assert found["mean_absolute_error"].value == pytest.approx(
        reference.mean_absolute_error(targets, outputs), abs=1e-9
    )
    assert found["root_mean_square_error"].value == pytest.approx(
        math.sqrt(reference.mean_squared_error(targets, outputs)), abs=1e-9
    )
    if max(targets) - min(targets) > 1e-3:
        assert found["r_squared"].value == pytest.approx(reference.r2_score(targets, outputs), rel=1e-6, abs=1e-6)


def test_no_answer_counts_as_the_mean_would():
    found = {metric.name: metric for metric in Regression().measure([(None, 1.0), (None, 3.0)], 1)}
    assert found["r_squared"].value == pytest.approx(0)
    assert Regression().score(None, 1.0) == 0
    assert Regression().score(1.0, 1.0) == 1
