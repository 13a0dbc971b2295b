"""Runs: the report, what it rests on, and that nothing is left out."""

from __future__ import annotations

import tracemalloc

import pytest

from sandbox.factories import CHAT, ECHO, numbers, write_solution, write_suite
from sild.sandbox.engine import default_isolation, journal, packed, probe
from sild.sandbox.engine import solution as solutions
from sild.sandbox.engine import suite as suites
from sild.sandbox.engine.errors import CancelledError, IsolationError, SandboxError
from sild.sandbox.engine.reading import kept_results
from sild.sandbox.engine.report import check
from sild.sandbox.engine.runner import ALONE, Run

pytestmark = pytest.mark.integration


def prepare(tmp_path, code=ECHO, samples=None, *, suite=None, **changes):
    return Run(
        solutions.load(write_solution(tmp_path / "s", code, **changes)),
        suites.load(write_suite(tmp_path / "t", numbers(150) if samples is None else samples, **(suite or {}))),
        tmp_path / "run",
        default_isolation(),
    )


def test_a_report_has_its_form_and_its_numbers_agree(tmp_path):
    run = prepare(tmp_path)
    report = run.execute()
    check(report)
    assert report["passed"]
    assert (report["samples"], report["answered"], report["resumed"], report["attempt"]) == (150, 150, 0, 1)
    assert report["quality"] == report["metrics"][0]
    assert report["latency"]["n"] == ALONE - 1
    assert report["throughput"]["answers"] == 150 - ALONE
    assert report["results"]["leaves"] == 150
    assert report["solution"]["digest"] == run.solution.digest
    assert report["suite"]["thresholds_digest"] == run.suite.thresholds_digest
    assert [one["ok"] for one in report["confinement"]] == [True] * len(probe.ATTEMPTS)
    assert report["isolation"]["level"] == "L1"
    assert report["faults"] == []
    assert "no EU declaration of conformity" in report["statement"]


def test_a_chat_solution_answers_on_its_socket(tmp_path):
    samples = [
        {"id": "text", "input": "tere", "target": "TERE"},
        {"id": "messages", "input": {"messages": [{"role": "user", "content": "vitannja"}]}, "target": "VITANNJA"},
        {"id": "object", "input": {"a": 1}, "target": '{"A": 1}'},
    ]
    report = prepare(tmp_path, CHAT, samples, protocol="chat").execute()
    assert report["quality"]["value"] == 1.0, report["faults"]
    assert report["faults"] == []


def test_what_is_not_answered_counts_as_wrong(tmp_path):
    code = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["input"] == 40:
        sys.exit(7)
    print(json.dumps({"id": asked["id"], "output": asked["input"]}), flush=True)
"""
    report = prepare(tmp_path, code, suite={"threshold": ("accuracy", 0.2)}).execute()
    assert report["quality"]["value"] == pytest.approx(40 / 150, abs=1e-6)
    assert (report["answered"], report["samples"], report["passed"]) == (40, 150, True)
    faults = {fault["code"]: fault for fault in report["faults"]}
    assert faults["unanswered"]["count"] == 110
    assert faults["early-exit"]["examples"] == ["status 7"]
    results = list(kept_results(tmp_path / "run", report["results"]["sha256"]))
    assert [result.position for result in results] == list(range(150))
    assert results[40].error == "no answer"


def test_an_output_that_cannot_be_scored_is_wrong_and_named(tmp_path):
    samples = [{"id": "a", "input": ["x"], "target": ["x"]}, {"id": "b", "input": "x", "target": ["x"]}]
    report = prepare(
        tmp_path, samples=samples, suite={"scorer": "multilabel", "threshold": ("micro_f1", 0.5)}
    ).execute()
    assert {fault["code"]: fault["count"] for fault in report["faults"]} == {"wrong-shape": 1}
    assert [metric["value"] for metric in report["metrics"] if metric["name"] == "exact_match"] == [0.5]


@pytest.mark.parametrize(
    ("threshold", "met"),
    [
        ({"at_least": 0.5}, True),
        ({"at_least": 0.51}, False),
        ({"at_least": 0.5, "use": "bound"}, False),
        ({"at_most": 0.5}, True),
        ({"at_most": 0.5, "use": "bound"}, False),
        ({"at_least": 1.0, "slice": "group=right"}, True),
        ({"at_least": 0.0, "slice": "group=none"}, False),
    ],
)
def test_thresholds_are_asked_of_the_value_the_bound_or_a_slice(tmp_path, threshold, met):
    samples = [
        {"id": "a", "input": 1, "target": 1, "slices": {"group": "right"}},
        {"id": "b", "input": 1, "target": 2, "slices": {"group": "wrong"}},
    ]
    run = prepare(tmp_path, samples=samples, suite={"thresholds": [{"metric": "accuracy", **threshold}]})
    report = run.execute()
    assert (report["verdicts"][0]["met"], report["passed"]) == (met, met)


def test_a_solution_that_changed_after_it_was_read_is_not_run(tmp_path):
    run = prepare(tmp_path)
    (tmp_path / "s" / "main.py").write_text("print('other')")
    with pytest.raises(SandboxError, match="changed while"):
        run.execute()
    assert not (tmp_path / "run" / "solution").exists()


def test_an_isolation_that_does_not_hold_runs_nothing(tmp_path, monkeypatch):
    run = prepare(tmp_path)
    holes = [probe.Check("network", ok=False, detail="reached 127.0.0.1")]
    monkeypatch.setattr(probe, "escape_checks", lambda _isolation: holes)
    with pytest.raises(IsolationError, match="nothing is run: network"):
        run.execute()
    assert not (tmp_path / "run").exists()


def test_a_cancelled_run_keeps_what_is_finished(tmp_path):
    run = prepare(tmp_path, samples=numbers(3000))
    run.progress = lambda done, _total: setattr(run, "cancelled", lambda: done > 200)
    with pytest.raises(CancelledError):
        run.execute()
    again = Run(run.solution, run.suite, run.folder, run.isolation)
    report = again.execute()
    assert report["resumed"] > 200
    assert report["answered"] == 3000


def test_memory_does_not_grow_with_the_samples(tmp_path, monkeypatch):
    """What is put away and handed on in small pieces here, as a long run does in larger ones."""
    monkeypatch.setattr(packed, "AT_HAND", 1000)
    monkeypatch.setattr(journal, "_FLUSH_BYTES", 1000)
    peaks = []
    for count in (500, 500, 2000):  # the first one loads what every run needs
        samples = [one | {"slices": {"parity": str(one["input"] % 2)}} for one in numbers(count)]
        prepare(tmp_path / f"{len(peaks)}", samples=samples)
        tracemalloc.start()
        read = solutions.load(tmp_path / f"{len(peaks)}" / "s"), suites.load(tmp_path / f"{len(peaks)}" / "t")
        Run(*read, tmp_path / f"{len(peaks)}" / "run", default_isolation()).execute()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] - peaks[1] < 1500 * 60
