"""Services in the order of their needs."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.inspecting.services import Service, in_order

pytestmark = pytest.mark.unit


def test_each_comes_after_those_that_it_needs():
    names = [
        one.name for one in in_order([Service("a", needs={"b": False}), Service("b", needs={"c": True}), Service("c")])
    ]
    assert names == ["c", "b", "a"]


def test_a_circle_is_an_error():
    with pytest.raises(ValueError, match="a, b wait for each other"):
        in_order([Service("a", needs={"b": False}), Service("b", needs={"a": False})])
