"""Results as they come: nothing finished is lost, nothing is kept twice."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from sild.sandbox.engine import store
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.journal import Journal, keep
from sild.sandbox.engine.reading import kept_lines
from sild.sandbox.engine.result import Result
from sild.trust import tree

pytestmark = pytest.mark.integration

IDENTITY = {"solution": "sha256:a", "suite": "sha256:b", "attempt": 1, "started": "2026-01-01T00:00:00Z"}
KILLED = """
import os, sys, signal
from pathlib import Path
from sild.sandbox.engine.journal import Journal
from sild.sandbox.engine.result import Result
journal = Journal(Path(sys.argv[1]), {"solution": "sha256:a", "suite": "sha256:b", "attempt": 1, "started": "then"})
for position in range(1500):
    journal.add(Result(position, f"s{position}", "x" * 100, "", 0.5, 1.25, alone=False), {"n": str(position % 3)})
    if position == 999:
        journal.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def result(position, output="x", error="", repeat=0):
    output = None if error else output
    return Result(position, f"s{position}", output, error, 0.5, 1.25, alone=position % 2 == 0, repeat=repeat)


def test_results_are_read_again_as_they_were_in_the_datas_order(tmp_path):
    with Journal(tmp_path, IDENTITY) as journal:
        for position in (3, 1, 4, 0, 2):
            journal.add(result(position))
        journal.add(result(5, error="no answer"))
        journal.add(result(1, repeat=1))
        assert (len(journal), journal.alone) == (7, 3)
    with Journal(tmp_path, IDENTITY | {"started": "later"}) as journal:
        expected = [result(0), result(1), result(1, repeat=1), result(2), result(3), result(4)]
        assert list(journal) == [*expected, result(5, error="no answer")]
        assert (1, 1) in list(journal.answered())
        assert journal.identity["started"] == IDENTITY["started"]


def test_what_was_flushed_survives_a_kill_and_the_file_is_whole(tmp_path):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with Journal(tmp_path, IDENTITY) as journal:
        assert 1000 <= len(journal) < 1500
        assert [one.position for one in journal] == list(range(len(journal)))
        for position in range(len(journal), 1500):
            journal.add(Result(position, f"s{position}", "", "", 0.5, 1.25, alone=False), {"n": str(position % 3)})
        kept = journal.finish()
    assert kept.leaves == 1500
    with closing(sqlite3.connect(tmp_path / store.FILE)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("SELECT count(*) FROM slice").fetchone() == (3,)
    assert [path.name for path in tmp_path.iterdir()] == [store.FILE]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.9, 0.999])
def test_a_log_that_was_cut_off_costs_its_last_batches_alone(tmp_path, share):
    """A power cut may leave any part of what was not synced."""
    before = tmp_path / "before"
    journal = Journal(before, IDENTITY)
    for position in range(200):
        journal.add(result(position))
        journal.flush()
    shutil.copytree(before, tmp_path / "cut")
    journal.__exit__()
    log = tmp_path / "cut" / f"{store.FILE}-wal"
    os.truncate(log, int(log.stat().st_size * share))
    with Journal(tmp_path / "cut", IDENTITY) as journal:
        assert list(journal) == [result(position) for position in range(len(journal))]
        assert len(journal) < 200


def test_another_runs_results_are_refused(tmp_path):
    with Journal(tmp_path, IDENTITY):
        pass
    with pytest.raises(SandboxError, match="another run"):
        Journal(tmp_path, IDENTITY | {"attempt": 2})


def test_what_waits_is_written_when_it_is_due_or_has_become_much(tmp_path):
    def written():
        with closing(store.read(tmp_path / store.FILE)) as file:
            return file.execute("SELECT count(*) FROM result").fetchone()[0]

    with Journal(tmp_path, IDENTITY) as journal:
        journal.add(result(0))
        journal.flush(if_due=True)
        assert written() == 0
        journal.flush()
        assert written() == 1
        journal.add(result(1, "x" * 300_000))
        assert written() == 2


def test_what_was_only_filled_in_is_asked_again(tmp_path):
    with Journal(tmp_path, IDENTITY) as journal:
        journal.add(result(0))
        journal.add(result(1, error="no answer"), filled=True)
        assert journal.finish().leaves == 2
    with Journal(tmp_path, IDENTITY) as journal:
        assert list(journal) == [result(0)]


def test_a_sample_is_not_kept_twice(tmp_path):
    journal = Journal(tmp_path, IDENTITY)
    journal.add(result(0))
    journal.flush()
    journal.add(result(0, "again"))
    with pytest.raises(SandboxError, match="UNIQUE"):
        journal.__exit__()
    with Journal(tmp_path, IDENTITY) as journal:
        assert list(journal) == [result(0)]


def test_grades_are_kept_at_once_and_become_scores(tmp_path):
    journal = Journal(tmp_path, IDENTITY)
    for position in range(40):
        journal.add(result(position, error="no" if position == 7 else ""))
    assert [one.position for one in journal.ungraded()] == [place for place in range(40) if place != 7]
    for position in range(20):
        journal.grade((position, 0), "good")
    shutil.copytree(tmp_path, tmp_path / "copy")
    journal.__exit__()
    with Journal(tmp_path / "copy", IDENTITY) as again:
        for one in list(again.ungraded()):
            again.grade((one.position, one.repeat), "bad")
        again.score({"good": 1, "bad": 0.25})
        scores = [one.score for one in again]
        kept = again.finish()
    assert scores == [0.5 if place == 7 else 1.0 if place < 20 else 0.25 for place in range(40)]
    assert len(list(kept_lines(tmp_path / "copy", kept.sha256))) == 40


def test_a_full_disk_is_told_and_what_is_there_stays(tmp_path):
    journal = Journal(tmp_path, IDENTITY)
    journal.add(result(0))
    journal.flush()
    journal._connection.execute("PRAGMA max_page_count = 20")
    for position in range(1, 200):
        journal.add(result(position, "x" * 1000))
    with pytest.raises(SandboxError, match="full"):
        journal.__exit__()
    with Journal(tmp_path, IDENTITY) as journal:
        assert next(iter(journal)) == result(0)


def test_finished_results_have_a_digest_and_a_merkle_root(tmp_path):
    results = [result(position) for position in (2, 0, 1)]
    kept = keep(tmp_path, results)
    in_order = sorted(results, key=lambda one: one.position)
    data = b"".join(one.line() + b"\n" for one in in_order)
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert (kept.leaves, kept.size, kept.file) == (3, len(data), f"results-{kept.sha256}.jsonl")
    leaves = [tree.leaf_hash(one.leaf()) for one in in_order]
    assert kept.root == tree.node_hash(tree.node_hash(*leaves[:2]), leaves[2]).hex()
    assert keep(tmp_path, reversed(results)) == kept


def test_no_results_have_the_empty_trees_root(tmp_path):
    assert keep(tmp_path, []).root == tree.EMPTY_ROOT.hex()


def test_whoever_stops_it_while_it_finishes_stops_it(tmp_path):
    def stop():
        raise SandboxError("stopped")

    with Journal(tmp_path, IDENTITY) as journal:
        for position in range(600):
            journal.add(result(position))
        with pytest.raises(SandboxError, match="stopped"):
            journal.finish(stop)
        assert journal.finish().leaves == 600
