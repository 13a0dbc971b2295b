"""Which records match a condition."""

import pytest

from sild.plan.engine.matching import matches
from sild.plan.engine.memorandum import Condition

pytestmark = pytest.mark.unit


def condition(**values):
    return Condition.model_validate({"kind": "sandbox.report", **values})


@pytest.mark.parametrize(
    ("where", "body", "expected"),
    [
        ({}, {}, True),
        ({"passed": True}, {"passed": True}, True),
        ({"passed": True}, {"passed": 1}, False),
        ({"passed": True}, {"passed": "true"}, False),
        ({"passed": True}, {}, False),
        ({"count": 1}, {"count": True}, False),
        ({"count": 2}, {"count": 2.0}, True),
        ({"name": "x"}, {"name": "x"}, True),
        ({"a.b": "x"}, {"a": {"b": "x"}}, True),
        ({"a.b": "x"}, {"a": "x"}, False),
        ({"a.b": "x"}, {"a": [{"b": "x"}]}, False),
        ({"n": {"min": 20}}, {"n": 20}, True),
        ({"n": {"min": 20}}, {"n": 19.9}, False),
        ({"n": {"min": 0}}, {"n": True}, False),
        ({"n": {"min": 0}}, {"n": "5"}, False),
        ({"n": {"min": 0}}, {}, False),
        ({"x": 1, "y": 2}, {"x": 1}, False),
    ],
)
def test_the_body_must_have_what_the_rule_asks_for(where, body, expected):
    assert matches(condition(where=where), kind="sandbox.report", body=body, party="A") is expected


def test_another_kind_never_matches():
    assert not matches(condition(), kind="sandbox.solution", body={}, party="A")


@pytest.mark.parametrize(("issuer", "expected"), [("any", True), ("each", True), ("A", True), ("B", False)])
def test_a_rule_may_ask_for_one_party(issuer, expected):
    assert matches(condition(**{"from": issuer}), kind="sandbox.report", body={}, party="A") is expected
