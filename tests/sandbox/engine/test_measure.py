"""From results to figures."""

from __future__ import annotations

import pytest

from sandbox.factories import sentences, write_suite
from sild.sandbox.engine import measure, suite
from sild.sandbox.engine.result import Result

pytestmark = pytest.mark.integration


def result(position, output, milliseconds=1.0, *, alone=False, error=""):
    return Result(position, f"s{position + 1}", output, error, 0.0, milliseconds, alone)


def test_pairs_are_grouped_by_slice(tmp_path):
    loaded = suite.load(
        write_suite(tmp_path / "t", sentences(), scorer="multilabel", field="techniques", threshold=("micro_f1", 0.5))
    )
    results = [result(position, {"techniques": ["T1003"]}) for position in range(3)] + [
        result(3, None, error="no answer")
    ]
    groups = measure.pairs_of(loaded, results)
    assert list(groups) == ["", "group=a", "group=b"]
    assert groups["group=b"] == [({"T1003"}, frozenset()), (None, {"T1071"})]
    named = {(metric["name"], metric["slice"]) for metric in measure.metrics(loaded, groups)}
    assert ("macro_f1", "group=a") in named


def test_latency_is_that_of_questions_asked_alone():
    results = [result(0, 1, 10.0, alone=True), result(1, 1, 20.0, alone=True), result(2, 1, 900.0)]
    told = measure.latency(results)
    assert (told["p50_ms"], told["n"]) == (15.0, 2)
    assert "one at a time" in told["method"]


def test_without_those_it_says_that_waiting_counts():
    told = measure.latency([result(0, 1, 7.0), result(1, None, 0.0, error="no answer")])
    assert (told["p50_ms"], told["n"]) == (7.0, 1)
    assert "start and waiting count" in told["method"]
    assert measure.latency([])["n"] == 0


def test_a_slice_has_no_figure_for_what_none_of_its_samples_asks(tmp_path):
    samples = [
        {"id": "a", "input": "x", "target": "refuse", "slices": {"group": "one"}},
        {"id": "b", "input": "y", "target": "answer", "slices": {"group": "two"}},
    ]
    loaded = suite.load(write_suite(tmp_path / "t", samples, scorer="refusal", threshold=("refused", 0.5)))
    pairs = [(True, True), (False, False)]
    found = measure.metrics(loaded, {"": pairs, "group=one": pairs[:1], "group=two": pairs[1:]})
    named = {(one["name"], one["slice"]): one["n"] for one in found}
    assert named[("refused", "")] == named[("answered", "")] == named[("refused", "group=one")] == 1
    assert ("answered", "group=one") not in named
    assert ("refused", "group=two") not in named
