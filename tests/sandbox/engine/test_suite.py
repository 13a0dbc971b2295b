"""Suites: all flaws of description and data at once, and what is fixed before a run."""

from __future__ import annotations

import hashlib

import pytest

from sandbox.factories import numbers, sentences, write_suite
from sild.sandbox.engine import suite
from sild.sandbox.engine.errors import FormError

pytestmark = pytest.mark.integration


def flaws(folder):
    with pytest.raises(FormError) as caught:
        suite.load(folder)
    return [(flaw.file, flaw.line, flaw.path) for flaw in caught.value.flaws], str(caught.value)


def test_a_suite_is_read_with_its_samples_and_digests(tmp_path):
    folder = write_suite(tmp_path / "t", numbers(4))
    read = suite.load(folder)
    assert [sample.input for sample in read.samples] == [0, 1, 2, 3]
    assert read.data_sha256 == hashlib.sha256((folder / "data.jsonl").read_bytes()).hexdigest()
    assert (read.label, read.scorer.name, list(read.chosen)) == ("copy 1.0", "exact", [0, 1, 2, 3])


def test_samples_may_stand_in_the_description(tmp_path):
    read = suite.load(write_suite(tmp_path / "t", [], data={"inline": numbers(2)}))
    assert [sample.id for sample in read.samples] == ["n0", "n1"]


def test_a_limit_chooses_the_same_samples_each_time(tmp_path):
    first, again, other = (
        suite.load(write_suite(tmp_path / str(seed) / name, numbers(50), limit=5, seed=seed))
        for seed, name in ((1, "a"), (1, "b"), (2, "c"))
    )
    assert first.chosen == again.chosen != other.chosen
    assert len(first.chosen) == 5
    assert suite.load(write_suite(tmp_path / "all", numbers(3), limit=9)).chosen == range(3)


def test_every_flaw_of_the_data_is_named_with_its_line(tmp_path):
    folder = write_suite(tmp_path / "t", numbers(1))
    (folder / "data.jsonl").write_text(
        '{"id":"a","input":1,"target":1}\nnot json\n\n{"id":"a","input":1,"target":1}\n{"id":"c"}\n'
    )
    places, text = flaws(folder)
    assert sorted(places) == [
        ("data.jsonl", 2, ""),
        ("data.jsonl", 4, "id"),
        ("data.jsonl", 5, "input"),
        ("data.jsonl", 5, "target"),
    ]
    assert "a is the id of line 1 already" in text


def test_targets_that_the_scorer_cannot_read_are_named(tmp_path):
    samples = [*sentences(), {"id": "bad", "input": 1, "target": "T1003"}]
    folder = write_suite(tmp_path / "t", samples, scorer="multilabel", field="techniques", threshold=("micro_f1", 0.5))
    assert flaws(folder)[0] == [("data.jsonl", 5, "target")]


def test_a_target_may_be_an_object_with_the_scored_member(tmp_path):
    samples = [{"id": "a", "input": 1, "target": {"techniques": ["T1"]}}]
    read = suite.load(
        write_suite(tmp_path / "t", samples, scorer="multilabel", field="techniques", threshold=("micro_f1", 0.5))
    )
    assert read.target(read.samples[0]) == {"T1"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scorer": "magic"}, "there is no scorer magic"),
        ({"thresholds": [{"metric": "micro_f1", "at_least": 0.5}]}, "makes no micro_f1"),
        ({"thresholds": [{"metric": "accuracy"}]}, "either at_least or at_most"),
        ({"thresholds": []}, "thresholds"),
        ({"data": {}}, "either a file or inline"),
        ({"data": {"file": "../secret.jsonl"}}, "in the suite's folder"),
        ({"data": {"file": "none.jsonl"}}, "cannot be read"),
        (
            {"datasheet": {"source": "x", "licence": "y", "language": "en", "sha256": "0" * 64}},
            "the sheet is for other data",
        ),
    ],
)
def test_a_description_that_cannot_be_used_says_why(tmp_path, changes, says):
    assert says in flaws(write_suite(tmp_path / "t", numbers(2), **changes))[1]


def test_a_suite_without_samples_or_too_large_is_refused(tmp_path, monkeypatch):
    folder = write_suite(tmp_path / "t", [])
    assert "no samples" in flaws(folder)[1]
    monkeypatch.setattr(suite.data, "MAX_DATA", 10)
    assert "larger" in flaws(write_suite(tmp_path / "u", numbers(5)))[1]


def test_thresholds_have_a_digest_that_changes_with_them(tmp_path):
    first, same, other = (
        suite.load(write_suite(tmp_path / name, numbers(2), threshold=("accuracy", bound)))
        for name, bound in (("a", 0.5), ("b", 0.5), ("c", 0.4))
    )
    assert first.thresholds_digest == same.thresholds_digest != other.thresholds_digest
