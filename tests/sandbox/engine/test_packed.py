"""Things kept as bytes."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.packed import Packed

pytestmark = pytest.mark.unit


def packed(*texts):
    made = Packed(bytes.decode)
    for text in texts:
        made.add(text.encode())
    return made


def test_what_is_put_in_comes_out():
    made = packed("one", "", "õ")
    assert len(made) == 3
    assert list(made) == ["one", "", "õ"]
    assert (made[0], made[-1], made[1:], "" in made) == ("one", "õ", ["", "õ"], True)
    with pytest.raises(IndexError):
        made[3]


def test_it_is_compared_thing_by_thing():
    assert packed("a", "b") == ["a", "b"]
    assert packed("a", "b") == packed("a", "b")
    assert packed("a") != ["b"]
    assert packed("a") != ["a", "b"]
    assert packed() != 0


def test_another_order_and_another_sight_are_over_the_same_bytes():
    made = packed("a", "bb", "ccc")
    assert made.reordered([2, 0]) == ["ccc", "a"]
    assert made.seen_as(len) == [1, 2, 3]
    assert list(made.reordered([1]).lines()) == [b"bb"]
