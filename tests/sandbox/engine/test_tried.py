"""Counting what a program tried."""

from __future__ import annotations

import json

import pytest

from sild.sandbox.engine import tried
from sild.sandbox.engine.tried import EXAMPLES, Tally, Tried

pytestmark = pytest.mark.unit


def test_different_things_and_attempts_are_told_apart():
    tally = Tally()
    for what in ("b", "a", "b"):
        tally.add(what)
    assert tally.as_dict() == {
        "different": 2,
        "attempts": 3,
        "examples": [{"what": "b", "attempts": 2}, {"what": "a", "attempts": 1}],
    }


def test_what_is_kept_is_bounded_and_harmless(monkeypatch):
    monkeypatch.setattr(tried, "_DISTINCT_AT_MOST", 20)
    tally = Tally()
    for number in range(30):
        tally.add(f"\x1b{number}" + "x" * 5000)
    told = tally.as_dict()
    assert (told["different"], told["attempts"], len(told["examples"])) == (20, 30, EXAMPLES)
    assert all("\x1b" not in one["what"] and len(one["what"]) < 300 for one in told["examples"])


def test_a_report_has_every_kind():
    told = Tried(processes=2).as_dict(5)
    assert set(told) == {"addresses", "names", "files", "programs", "processes", "written_bytes", "method"}
    assert (told["processes"], told["written_bytes"]) == (2, 5)


def test_what_processes_counted_apart_is_counted_together(monkeypatch):
    monkeypatch.setattr(tried, "_DISTINCT_AT_MOST", 3)
    one, other = Tried(processes=2), Tried(processes=1)
    for what in ("/a", "/b", "/a"):
        one.files.add(what)
    for what in ("/\udcff", "/a", "/c"):
        other.files.add(what)
    counted = json.loads(json.dumps(other.taken()))
    assert other == Tried()
    one.add(counted)
    assert (one.files.seen, one.files.attempts, one.processes) == ({"/a": 3, "/b": 1, "/\udcff": 1}, 6, 3)
