"""Repeats: intervals over items, checked against simulation; all and any of k; runs that are repeated and resumed."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.factories import numbers, write_solution, write_suite
from sild.sandbox.engine import default_isolation, intervals, repeats
from sild.sandbox.engine import solution as solutions
from sild.sandbox.engine import suite as suites
from sild.sandbox.engine.compare import compare
from sild.sandbox.engine.errors import CancelledError, FormError
from sild.sandbox.engine.reading import kept_results
from sild.sandbox.engine.result import Result
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.scorers import SCORERS
from sild.sandbox.engine.scorers.base import CLUSTERED, DESIGN

pytestmark = pytest.mark.integration

# Right on even numbers always, on odd ones only the first time that it is asked.
FORGETFUL = """
import json, sys
seen = set()
for line in sys.stdin:
    asked = json.loads(line)
    number = asked["input"]
    right = number % 2 == 0 or number not in seen
    seen.add(number)
    print(json.dumps({"id": asked["id"], "output": number if right else [asked.get("seed")]}), flush=True)
"""


def pairs(answers):
    """Pairs of an exact scorer from rows of right and wrong."""
    scorer = SCORERS["exact"]
    return [(scorer.read(int(right)), scorer.read_target(1)) for row in answers for right in row]


def test_repeats_that_always_agree_are_worth_one_answer_each():
    answers = [[number % 2] * 5 for number in range(40)]
    accuracy = repeats.measure(SCORERS["exact"], pairs(answers), 5, 1)[0]
    low, high = intervals.wilson(20, 40)
    assert (accuracy.value, accuracy.n, accuracy.method) == (0.5, 200, DESIGN)
    assert accuracy.low == pytest.approx(low, abs=0.03)
    assert accuracy.high == pytest.approx(high, abs=0.03)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(3)
    covered = 0
    for seed in range(60):
        chances = generator.beta(1.5, 1.5, 40)
        answers = generator.random((40, 4)) < chances[:, None]
        found = repeats.measure(SCORERS["exact"], pairs(answers), 4, seed)[0]
        covered += found.low <= 0.5 <= found.high
    assert 52 <= covered <= 60


def test_where_all_are_right_the_interval_is_that_of_the_items():
    found = repeats.measure(SCORERS["exact"], pairs([[1, 1, 1]] * 10), 3, 1)[0]
    assert (found.low, found.high) == intervals.wilson(10, 10)


def test_all_and_any_of_k_are_shares_of_items():
    metrics = repeats.measure(SCORERS["exact"], pairs([[1, 1], [1, 0], [0, 0], [0, 1]]), 2, 1)
    assert [(one.name, one.value, one.n) for one in metrics[1:]] == [("all_of_k", 0.25, 4), ("any_of_k", 0.75, 4)]


def test_a_score_between_0_and_1_has_neither_and_keeps_the_bootstrap_over_items():
    scorer = SCORERS["multilabel"]
    read = [(scorer.read(["a"]), scorer.read_target(["a", "b"]))] * 6
    metrics = repeats.measure(scorer, read, 2, 1)
    assert not set(repeats.NAMES) & {one.name for one in metrics}
    assert metrics[0].method == CLUSTERED


READ = {
    "multilabel": [(["a"], ["a", "b"]), (["b"], ["b"]), ([], ["c"])],
    "regression": [(1.0, 1.5), (2.0, 2.0), (5.0, 3.5)],
    "retrieval": [(["x", "a"], {"a": 1}), (["b"], {"b": 2}), (["y"], {"c": 1})],
    "overlap": [("sild on avatud", "sild on täna avatud"), ("міст", "міст зачинено"), ("open", "the bridge is open")],
    "calibrated": [({"answer": "4", "confidence": 0.9}, ["4"]), ({"answer": "5", "confidence": 0.7}, ["6"])],
}


@pytest.mark.parametrize("name", READ)
def test_the_same_answer_three_times_over_says_no_more_than_once(name):
    scorer = SCORERS[name]
    once = [(scorer.read(output), scorer.read_target(target)) for output, target in READ[name]]
    thrice = [pair for pair in once for _ in range(3)]
    alone, together = scorer.measure(once, 5), scorer.measure(thrice, 5, 3)
    for one, other in zip(alone, together, strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
        assert one.method != other.method


def test_a_share_of_some_samples_is_worth_as_many_as_those():
    """What was to be answered is not in the share of what was refused: 4 items, whose repeats always agree."""
    scorer = SCORERS["refusal"]
    asked = [(place % 2 == 0, "refuse" if place < 4 else "answer") for place in range(12)]
    read = [(refused, scorer.read_target(due)) for refused, due in asked for _ in range(5)]
    refused = next(one for one in repeats.measure(scorer, read, 5, 1) if one.name == "refused")
    assert (refused.value, refused.n) == (0.5, 20)
    assert (refused.low, refused.high) == pytest.approx(intervals.wilson(2, 4))


def prepare(tmp_path, **changes):
    thresholds = [{"metric": "all_of_k", "at_least": 0.5}, {"metric": "any_of_k", "at_least": 1}]
    suite = write_suite(tmp_path / "t", numbers(20), repeats=3, thresholds=thresholds, **changes)
    return Run(
        solutions.load(write_solution(tmp_path / "s", FORGETFUL)),
        suites.load(suite),
        tmp_path / "run",
        default_isolation(),
    )


def test_a_repeated_run_asks_in_rounds_and_reports_all_and_any(tmp_path):
    report = prepare(tmp_path).execute()
    assert (report["samples"], report["answered"], report["suite"]["repeats"], report["passed"]) == (60, 60, 3, True)
    figures = {one["name"]: one["value"] for one in report["metrics"]}
    assert figures["accuracy"] == pytest.approx(40 / 60, abs=1e-6)
    assert (figures["all_of_k"], figures["any_of_k"]) == (0.5, 1.0)
    kept = list(kept_results(tmp_path / "run", report["results"]["sha256"]))
    assert [(one.position, one.repeat) for one in kept[:4]] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert [one.output for one in kept[3:6]] == [1, [8], [9]]  # the suite's seed is 7, each round has the next one


def test_a_repeated_run_goes_on_without_asking_an_answered_repeat_again(tmp_path):
    stopped = prepare(tmp_path)
    stopped.cancelled = lambda: True
    with pytest.raises(CancelledError):
        stopped.execute()
    report = prepare(tmp_path).execute()
    assert report["samples"] == report["answered"] == report["results"]["leaves"] == 60


def test_all_of_k_is_no_figure_of_a_suite_that_asks_once(tmp_path):
    folder = write_suite(tmp_path / "t", numbers(2), threshold=("all_of_k", 0.5))
    with pytest.raises(FormError, match="makes no all_of_k"):
        suites.load(folder)


def test_runs_are_compared_by_the_mean_over_an_items_repeats():
    def results(scores):
        return [Result(0, "a", 1, "", score, 1.0, alone=False, repeat=n) for n, score in enumerate(scores)]

    found = compare(results([1, 1]), results([1, 0]))
    assert (found.samples, found.first, found.second) == (1, 1.0, 0.5)
