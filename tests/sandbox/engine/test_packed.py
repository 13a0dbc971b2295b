"""Things that were put away."""

from __future__ import annotations

import errno
import os

import orjson
import pytest

from sild.sandbox.engine import packed
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.packed import BLOCK, Packed, Spill

pytestmark = pytest.mark.integration


def made(*things, **more):
    kept = Packed(orjson.dumps, orjson.loads, **more)
    for thing in things:
        kept.add(thing)
    return kept


def test_what_is_put_in_comes_out():
    kept = made("one", "", "õ")
    assert len(kept) == 3
    assert list(kept) == ["one", "", "õ"]
    assert (kept[0], kept[-1], kept[1:], "" in kept) == ("one", "õ", ["", "õ"], True)
    with pytest.raises(IndexError):
        kept[3]


@pytest.mark.parametrize("count", [BLOCK - 1, BLOCK, BLOCK + 1, 20 * BLOCK + 7])
def test_many_come_out_in_any_order_from_a_file_that_nobody_else_sees(tmp_path, monkeypatch, count):
    monkeypatch.setattr(packed, "AT_HAND", 100)
    kept = made(*range(count), spill=Spill(tmp_path))
    assert kept == range(count)
    assert [kept[place] for place in range(count - 1, -1, -1)] == list(range(count))[::-1]
    assert list(tmp_path.iterdir()) == []


def test_several_share_one_file_and_one_is_seen_in_two_ways(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "AT_HAND", 100)
    spill = Spill(tmp_path)
    one, other = made(spill=spill), made(spill=spill, make=str)
    for number in range(1000):
        one.add(number)
        other.add(-number)
    assert one == range(1000)
    assert other == [str(-number) for number in range(1000)]
    assert one.seen_as(lambda number: number * 2) == range(0, 2000, 2)


def test_they_are_compared_thing_by_thing():
    assert made("a", "b") == ["a", "b"]
    assert made("a", "b") == made("a", "b")
    assert made("a") != ["b"]
    assert made("a") != ["a", "b"]
    assert made() != 0


def test_where_a_file_without_a_name_cannot_be_or_a_folder_be_written_another_way_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "AT_HAND", 0)
    monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY | os.O_WRONLY)
    monkeypatch.setattr(packed.tempfile, "gettempdir", lambda: str(tmp_path))
    spill = Spill(tmp_path / "none")
    assert spill.get(spill.put(b"kept"), 4) == b"kept"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "AT_HAND", 0)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(SandboxError, match="No space left"):
        Spill(tmp_path).put(b"x")
