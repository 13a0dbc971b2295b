"""Finished results read again: all, or those that are asked for, and never what was changed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from sild.sandbox.engine import reading, store
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.journal import Journal, keep
from sild.sandbox.engine.result import Result

pytestmark = pytest.mark.integration

IDENTITY = {"solution": "sha256:a", "suite": "sha256:b", "attempt": 1, "started": "2026-01-01T00:00:00Z"}
SAYS = ("Vastus on 45.", "Kahjuks ei saa ma sellega aidata.", "45")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Ninety results: each third refuses, each fifth has no answer, each second is right, the last are the slowest."""
    folder = tmp_path_factory.mktemp("run")
    with Journal(folder, IDENTITY) as journal:
        for place in range(90):
            error = "no answer" if place % 5 == 0 else ""
            output, score = None if error else SAYS[place % 3], 0.0 if error else float(place % 2)
            found = Result(place, f"s{place}", output, error, score, place / 2, alone=False)
            journal.add(found, {"language": ("et", "uk")[place % 2], "group": "a"} if place < 60 else None)
        kept = journal.finish()
    return folder, kept.sha256


def places(run, *asked):
    return [one.position for one in reading.found_results(*run, *asked)]


def test_all_are_read_in_order(run):
    assert [one.position for one in reading.kept_results(*run)] == list(range(90))
    assert places(run) == list(range(90))


def test_they_are_found_by_what_became_of_them_and_by_slice(run):
    assert places(run, "unanswered") == list(range(0, 90, 5))
    assert places(run, "wrong") == [place for place in range(90) if place % 5 == 0 or place % 2 == 0]
    assert places(run, "refused") == [place for place in range(90) if place % 5 and place % 3 == 1]
    assert places(run, "slow") == list(range(89, 69, -1))
    assert places(run, "all", "language=et") == list(range(0, 60, 2))
    assert places(run, "unanswered", "language=uk") == list(range(5, 60, 10))
    assert places(run, "slow", "group=a") == list(range(59, 39, -1))
    assert places(run, "all", "language=none") == []


def test_the_slices_are_listed(run):
    assert reading.slices(*run) == ["group=a", "language=et", "language=uk"]


def test_of_equally_slow_ones_the_first_comes_first(tmp_path):
    results = [Result(place, f"s{place}", 1, "", 1.0, 2.0, alone=False) for place in range(30)]
    kept = keep(tmp_path, results)
    assert places((tmp_path, kept.sha256), "slow") == list(range(20))


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("""UPDATE result SET line = replace(line, '"s1"', '"s2"')""", "SHA-256 is another one"),
        ("UPDATE result SET score = 1", "columns say something else"),
        ("UPDATE result SET ms = 9 WHERE place = 128", "columns say something else"),
        ("UPDATE result SET failed = 1", "columns say something else"),
        ("DELETE FROM result WHERE place = 128", "SHA-256 is another one"),
        ("UPDATE result SET line = '{' WHERE place = 128", "damaged"),
        ("UPDATE result SET line = 'null'", "damaged"),
        ("DROP TABLE result", "damaged"),
    ],
)
def test_what_was_changed_is_told_though_it_was_right_before(tmp_path, statement, why):
    kept = keep(tmp_path, [Result(place, f"s{place}", 1, "", 0.5, 2.0, alone=False) for place in range(3)])
    assert len(list(reading.kept_lines(tmp_path, kept.sha256))) == 3
    with closing(sqlite3.connect(tmp_path / store.FILE)) as file:
        file.execute(statement)
        file.commit()
    with pytest.raises(SandboxError, match=f"changed after the run.*{why}"):
        reading.kept_lines(tmp_path, kept.sha256)


@pytest.mark.parametrize("what", [b"SQLite", b"SILD", b"CREATE TABLE result", b'"s150"'])
def test_a_damaged_file_is_told(tmp_path, what):
    kept = keep(tmp_path, [Result(number, f"s{number}", "x" * 50, "", 0.5, 2.0, alone=False) for number in range(300)])
    path = tmp_path / store.FILE
    data = bytearray(path.read_bytes())
    place = data.index(what)
    data[place : place + len(what)] = os.urandom(len(what))
    path.write_bytes(data)
    with pytest.raises(SandboxError, match=r"changed after the run|cannot be read|no results of this version"):
        reading.kept_lines(tmp_path, kept.sha256)


def test_lost_results_are_told(tmp_path):
    kept = keep(tmp_path, [Result(0, "s0", 1, "", 0.5, 2.0, alone=False)])
    (tmp_path / store.FILE).unlink()
    for look in (reading.kept_lines, reading.found_results, reading.slices):
        with pytest.raises(SandboxError, match="not on this machine"):
            look(tmp_path, kept.sha256)
