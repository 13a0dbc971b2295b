"""Executing runs: to the end, to a failure, cancelled, killed and resumed."""

# ruff: noqa: E501 -- a program reads best in one piece

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.utils import timezone

from sandbox.factories import LABELLER, numbers, sentences, write_solution, write_suite
from sild.sandbox import execution, services
from sild.sandbox.engine.errors import CancelledError, IsolationError, PackError, RuntimeMissingError
from sild.sandbox.engine.report import check
from sild.sandbox.enums import RunState
from sild.sandbox.errors import StateError
from sild.sandbox.models import Run
from sild.spread import gpus
from spread.gpu_specs import describe, world

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_run_ends_with_a_report(operator, solution, suite):
    shown = []
    run = execution.execute_run(services.start_run(operator, solution, suite), lambda *done: shown.append(done))
    run.refresh_from_db()
    assert (run.state, run.done, run.total, run.passed, run.is_over) == (RunState.FINISHED, 300, 300, True, True)
    check(run.report)
    assert run.report["run"] == str(run.pk)
    assert shown[-1] == (300, 300)
    with pytest.raises(StateError):
        execution.execute_run(run)


def test_a_solution_like_the_analysts_runs_with_the_packages_that_it_names(tallinn, operator, tmp_path):
    solution = services.register(operator, write_solution(tmp_path / "s", LABELLER, packages=["numpy"]))
    suite = services.add_suite(
        operator,
        write_suite(tmp_path / "t", sentences(), scorer="multilabel", field="techniques", threshold=("micro_f1", 0.8)),
    )
    report = execution.execute_run(services.start_run(operator, solution, suite)).report
    figures = {(metric["name"], metric["slice"]): metric["value"] for metric in report["metrics"]}
    assert figures["micro_precision", ""] == 1.0
    assert figures["micro_recall", ""] == 0.75
    assert figures["exact_match", "group=b"] == 0.5
    assert report["passed"]
    assert set(report["solution"]["packages"]) == {"numpy"}


def test_a_level_that_was_asked_for_is_the_one_in_the_report(operator, solution, suite):
    """A solution that is a command, at level L2: on the host's programs, in a container with a kernel of its own."""
    report = execution.execute_run(services.start_run(operator, solution, suite, level="L2")).report
    assert (report["isolation"]["level"], report["passed"], report["answered"]) == ("L2", True, 300)
    assert all(one["ok"] for one in report["confinement"])
    assert "own-kernel" in [one["name"] for one in report["confinement"]]


def test_a_run_that_is_spread_is_at_its_level_with_the_gpus_that_it_asks_for(
    tallinn, operator, suite, tmp_path, settings, monkeypatch
):
    settings.CONFIG = dataclasses.replace(settings.CONFIG, cluster="local:1")
    tested = services.register(operator, write_solution(tmp_path / "gpu", limits={"gpus": 1, "wall_seconds": 60}))
    with pytest.raises(IsolationError, match="Ask for level L2 or L3"):
        services.start_run(operator, tested, suite, level="L1")
    with world() as folder:
        monkeypatch.setenv(gpus.CDI, str(describe(folder / "cdi", 1)))
        report = execution.execute_run(services.start_run(operator, tested, suite)).report
    measures = {one["name"]: one["detail"] for one in report["isolation"]["measures"]}
    assert (report["isolation"]["level"], report["passed"], report["answered"]) == ("L2", True, 300)
    assert measures["gpu devices"] == "nvidia.com/gpu=0"
    assert measures["spread"].startswith("1 processes of this machine")


def test_a_level_that_is_not_to_be_had_fails_the_run_and_nothing_else_is_tried(operator, solution, suite, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    run = services.start_run(operator, solution, suite, level="L2")
    with pytest.raises(IsolationError, match=r"Level L2 is not to be had.*apt-get install"):
        execution.execute_run(run)
    assert (run.state, run.report) == (RunState.FAILED, None)


def test_a_package_that_is_not_installed_fails_the_run_with_a_sentence(tallinn, operator, suite, tmp_path):
    solution = services.register(operator, write_solution(tmp_path / "s", packages=["no-such-thing"]))
    run = services.start_run(operator, solution, suite)
    with pytest.raises(RuntimeMissingError, match="no-such-thing"):
        execution.execute_run(run)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "no-such-thing" in run.error
    assert run.report is None


def test_a_package_that_has_not_arrived_fails_the_run_until_it_is_here(operator, solution, suite):
    package, solution.package = solution.package, "sha256:" + "0" * 64
    solution.save()
    run = services.start_run(operator, solution, suite)
    with pytest.raises(PackError, match="not on this node yet"):
        execution.execute_run(run)
    solution.package = package
    solution.save()
    run = Run.objects.get(pk=services.resume_run(operator, run).pk)
    assert execution.execute_run(run).passed


def test_a_package_with_other_files_than_its_digest_says_is_not_run(operator, solution, suite):
    solution.digest = "sha256:" + "0" * 64
    solution.save()
    with pytest.raises(PackError, match="other files"):
        execution.execute_run(services.start_run(operator, solution, suite))


def test_a_run_that_is_cancelled_stops_and_goes_on_where_it_stopped(tallinn, operator, tmp_path):
    code = """
import json, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    time.sleep(0.01)
    print(json.dumps({"id": asked["id"], "output": asked["input"]}), flush=True)
"""
    solution = services.register(operator, write_solution(tmp_path / "s", code))
    suite = services.add_suite(operator, write_suite(tmp_path / "t", numbers(150)))
    run = services.start_run(operator, solution, suite)

    def stop(done, _total):
        if done > 20:
            Run.objects.filter(pk=run.pk).update(stopping=True)

    with pytest.raises(CancelledError):
        execution.execute_run(run, stop)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    report = execution.execute_run(services.resume_run(operator, run)).report
    assert 20 < report["resumed"] < 150
    assert report["answered"] == report["samples"] == 150
    assert report["passed"]


def test_two_processes_do_not_execute_one_run(tallinn, operator, solution, suite):
    run = services.start_run(operator, solution, suite)
    folder = run.folder(tallinn)
    folder.mkdir(parents=True)
    code = "import fcntl, sys\nfile = open(sys.argv[1], 'w')\nfcntl.flock(file, fcntl.LOCK_EX)\nprint('held', flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StateError, match="Another process"):
            execution.execute_run(run)
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert execution.execute_run(run).passed


def test_runs_that_nobody_executes_any_more_are_found(tallinn, operator, solution, suite):
    run = services.start_run(operator, solution, suite)
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING, seen=timezone.now())
    assert execution.interrupted() == []  # it runs on another machine
    Run.objects.filter(pk=run.pk).update(seen=timezone.now() - timedelta(minutes=1))
    assert execution.interrupted() == [run]
    Run.objects.filter(pk=run.pk).update(seen=timezone.now())
    with execution._alone(run.folder(tallinn)):
        assert execution.interrupted() == []
    assert execution.interrupted() == [run]


def test_nothing_that_was_unpacked_stays(tallinn, operator, solution, suite):
    run = execution.execute_run(services.start_run(operator, solution, suite))
    names = {path.name.split("-")[0] for path in run.folder(tallinn).iterdir()}
    assert names == {"lock", "results.sqlite"}


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_run_whose_process_was_killed_goes_on_without_repeating_a_sample(tmp_path):
    """The engine in a process of its own, killed with SIGKILL in the middle."""
    code = """
import json, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    time.sleep(0.004)
    print(json.dumps({"id": asked["id"], "output": asked["input"]}), flush=True)
"""
    write_solution(tmp_path / "s", code)
    write_suite(tmp_path / "t", numbers(500))
    program = """
import sys
from pathlib import Path
from sild.sandbox.engine import default_isolation, runner, solution, suite
at = Path(sys.argv[1])
job = runner.Run(solution.load(at / "s"), suite.load(at / "t"), at / "run", default_isolation(), name="r")
job.progress = lambda done, total: print(done, flush=True)
report = job.execute()
print(report["resumed"], report["answered"], report["passed"])
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as killed:
        assert any(int(done) > 200 for done in killed.stdout)
        killed.kill()
    kept = rows(tmp_path / "copy", tmp_path / "run")
    assert 100 < len(kept) < 500
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    resumed, answered, passed = done.stdout.splitlines()[-1].split()
    assert (int(resumed), answered, passed) == (len(kept), "500", "True")
    finished = rows(tmp_path / "end", tmp_path / "run")
    assert len(finished) == 500
    assert kept <= finished  # with the same salts and times: none was asked again


def rows(copy, folder):
    """What the file of a run holds, looked at in a copy, so that it is left as it is."""
    shutil.copytree(folder, copy)
    with closing(sqlite3.connect(copy / "results.sqlite")) as connection:
        return set(connection.execute("SELECT place, line FROM result"))
