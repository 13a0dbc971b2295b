"""Results on disk: nothing finished is lost, nothing changed goes unseen."""

from __future__ import annotations

import hashlib

import orjson
import pytest

from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.journal import JOURNAL, Journal, Result, digest_of, keep, kept_results
from sild.trust import tree

pytestmark = pytest.mark.integration

IDENTITY = {"solution": "sha256:a", "suite": "sha256:b", "attempt": 1, "started": "2026-01-01T00:00:00Z"}


def result(position, output="x", error=""):
    return Result(position, f"s{position}", None if error else output, error, 0.5, 1.25, alone=position % 2 == 0)


def test_results_are_read_again_as_they_were(tmp_path):
    with Journal(tmp_path, IDENTITY) as journal:
        for position in range(5):
            journal.add(result(position))
        journal.add(result(5, error="no answer"))
    with Journal(tmp_path, IDENTITY | {"started": "later"}) as journal:
        assert journal.results == [*(result(position) for position in range(5)), result(5, error="no answer")]
        assert journal.identity["started"] == IDENTITY["started"]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_line_that_was_cut_off_is_dropped(tmp_path, cut):
    with Journal(tmp_path, IDENTITY) as journal:
        journal.add(result(0))
        journal.add(result(1))
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(tmp_path, IDENTITY) as journal:
        assert journal.results == [result(0)]
        journal.add(result(1, "again"))
    with Journal(tmp_path, IDENTITY) as journal:
        assert journal.results == [result(0), result(1, "again")]


def test_a_journal_that_was_cut_in_its_first_line_begins_anew(tmp_path):
    (tmp_path / JOURNAL).write_bytes(b'{"solution":')
    with Journal(tmp_path, IDENTITY) as journal:
        assert journal.results == []
    assert (tmp_path / JOURNAL).read_bytes().count(b"\n") == 1


def test_another_runs_journal_is_refused(tmp_path):
    with Journal(tmp_path, IDENTITY):
        pass
    with pytest.raises(SandboxError, match="another run"):
        Journal(tmp_path, IDENTITY | {"attempt": 2})


def test_what_waits_is_written_when_it_is_due(tmp_path):
    with Journal(tmp_path, IDENTITY) as journal:
        journal.add(result(0))
        journal.flush(if_due=True)
        assert (tmp_path / JOURNAL).read_bytes().count(b"\n") == 1
        journal.flush()
        assert (tmp_path / JOURNAL).read_bytes().count(b"\n") == 2


def test_finished_results_are_named_by_their_content_and_have_a_merkle_root(tmp_path):
    results = [result(position) for position in (2, 0, 1)]
    kept = keep(tmp_path, results)
    data = (tmp_path / kept.file).read_bytes()
    leaves = [one.leaf() for one in sorted(results, key=lambda one: one.position)]
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert (kept.leaves, kept.size) == (3, len(data))
    left = tree.node_hash(tree.leaf_hash(leaves[0]), tree.leaf_hash(leaves[1]))
    assert kept.root == tree.node_hash(left, tree.leaf_hash(leaves[2])).hex()
    assert [found.position for found in kept_results(tmp_path, kept.sha256)] == [0, 1, 2]
    assert keep(tmp_path, reversed(results)) == kept


def test_no_results_have_the_empty_trees_root(tmp_path):
    assert keep(tmp_path, []).root == tree.EMPTY_ROOT.hex()


def test_changed_or_lost_results_are_told(tmp_path):
    kept = keep(tmp_path, [result(0)])
    path = tmp_path / kept.file
    path.write_bytes(path.read_bytes().replace(b"0.5", b"1.0"))
    with pytest.raises(SandboxError, match="changed after the run"):
        kept_results(tmp_path, kept.sha256)
    path.unlink()
    with pytest.raises(SandboxError, match="not on this machine"):
        kept_results(tmp_path, kept.sha256)


def test_a_leaf_has_the_outputs_salted_digest_and_a_line_has_the_output():
    one = result(0, {"b": 1, "a": "õ"})
    assert "salt" not in one.leaf().decode()
    assert one.salt in one.line().decode()
    told = orjson.loads(one.leaf())
    canonical = '{"a":"õ","b":1}'
    assert told["digest"] == hashlib.sha256((one.salt + canonical).encode()).hexdigest()
    assert Result.parse(one.line()).leaf() == one.leaf()
    assert b"digest" not in result(1, error="no answer").leaf()
    assert digest_of("x", "s") == hashlib.sha256(b's"x"').hexdigest()
