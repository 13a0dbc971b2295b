"""Errors of a memorandum's file read like a compiler's."""

import pytest

from sild.plan.engine.errors import MemorandumError, Problem

pytestmark = pytest.mark.unit


def test_problems_are_lines_in_the_order_of_the_file():
    error = MemorandumError("m.yaml", [Problem(9, 2, "Second."), Problem(3, 1, "First.")])
    assert str(error) == "m.yaml:3:1: First.\nm.yaml:9:2: Second."
    assert error.code == "memorandum"


def test_a_file_that_cannot_be_read_has_one_sentence():
    assert str(MemorandumError("m.yaml", sentence="It is not there.")) == "It is not there."
