"""The file of a run's results: ours, whole, and opened with care."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from sild.sandbox.engine import store
from sild.sandbox.engine.errors import SandboxError

pytestmark = pytest.mark.integration


def test_position_and_repeat_are_one_number_in_the_evidences_order():
    questions = [(0, 0), (0, 99), (1, 0), (100_000, 3)]
    places = [store.place_of(*question) for question in questions]
    assert places == sorted(places)
    assert [store.question_of(place) for place in places] == questions


def test_a_new_file_is_known_as_ours_and_is_read_again(tmp_path):
    path = tmp_path / store.FILE
    with closing(store.write(path)) as made:
        assert {one.stat().st_mode & 0o077 for one in tmp_path.iterdir()} == {0}
        made.execute("INSERT INTO grade VALUES (1, 'good')")
    with closing(store.read(path)) as found:
        assert found.execute("SELECT * FROM grade").fetchall() == [(1, b"good")]
        with pytest.raises(sqlite3.OperationalError):
            found.execute("DELETE FROM grade")


@pytest.mark.parametrize("opened", [store.write, store.read])
def test_what_is_something_else_is_refused_with_a_sentence(tmp_path, opened):
    path = tmp_path / "other"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(SandboxError, match="cannot be read or written"):
        opened(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE result (line)")
    with pytest.raises(SandboxError, match="no results of this version"):
        opened(path)


def test_a_file_that_is_not_there_is_not_read(tmp_path):
    with pytest.raises(SandboxError, match="cannot be read"):
        store.read(tmp_path / store.FILE)
