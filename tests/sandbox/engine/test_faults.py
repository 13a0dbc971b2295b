"""Faults: counted, with harmless examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.sandbox.engine.faults import EXAMPLE_CHARACTERS, EXAMPLES, Faults, harmless

pytestmark = pytest.mark.unit


def test_faults_are_counted_and_the_first_few_are_shown():
    faults = Faults()
    for number in range(9):
        faults.add("not-json", f"line {number}")
    faults.add("unanswered", count=4)
    assert faults.as_list() == [
        {"code": "not-json", "count": 9, "examples": [f"line {number}" for number in range(EXAMPLES)]},
        {"code": "unanswered", "count": 4, "examples": []},
    ]
    assert "not-json" in faults
    assert "duplicate" not in faults


@given(st.one_of(st.text(max_size=500), st.binary(max_size=2000)))
def test_what_a_solution_said_is_bounded_and_printable(said):
    shown = harmless(said)
    assert len(shown) <= EXAMPLE_CHARACTERS + 1
    assert shown.isprintable()


def test_control_characters_are_replaced_and_text_is_kept():
    assert harmless("õ \x1b[31m\n") == "õ �[31m�"
