"""The word `sild sandbox`, as people and scripts type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from prepared import prepare
from sandbox.factories import ECHO, numbers, write_solution, write_suite
from sandbox.images import write_archive
from sild.sandbox.cli import app
from sild.sandbox.engine.errors import FormError, IsolationError
from sild.sandbox.errors import CheckError, NotFoundError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def typed(*words, status=0):
    done = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.stdout


def in_json(*words, status=0):
    return json.loads(typed(*words, "--json", status=status))


def test_from_folders_to_a_published_report(kyiv, tmp_path):
    solution, suite = write_solution(tmp_path / "s", ECHO), write_suite(tmp_path / "t", numbers(5))
    registered = in_json("register", solution, "--to", "kyiv")
    assert registered["record"]
    assert in_json("suite", "add", suite)["samples"] == 5
    report = in_json("run", registered["record"], "copy")
    assert (report["samples"], report["quality"]["value"], report["passed"]) == (5, 1.0, True)
    assert in_json("show", report["run"]) == report
    published = in_json("publish", report["run"], "--to", "kyiv", "--tlp", "GREEN")
    assert set(published) == {"id", "hash", "leaf"}
    assert in_json("runs")[0]["passed"] is True
    assert [row["name"] for row in in_json("solutions") + in_json("suites")] == ["echo", "copy"]


def test_what_people_read(tallinn, tmp_path):
    assert "none yet" in typed("runs")
    solution = write_solution(tmp_path / "s", ECHO)
    assert "Registered echo 1.0" in typed("register", solution)
    assert "with 5 samples" in typed("suite", "add", write_suite(tmp_path / "t", numbers(5)))
    shown = typed("run", solution, tmp_path / "t")
    assert "echo 1.0 on copy 1.0: passed" in shown
    assert "no EU declaration of conformity" in shown
    assert "9 of 9 escape checks held" in shown
    assert "echo" in typed("solutions")
    assert "copy" in typed("suites")


def test_an_image_is_run_and_its_level_is_told(tallinn, tmp_path):
    solution = write_solution(tmp_path / "s", start={"image": "image.tar"})
    write_archive(solution / "image.tar")
    suite = write_suite(tmp_path / "t", numbers(5))
    shown = typed("run", solution, suite, "--level", "L1")
    assert "isolation L1, podman" in shown
    assert "8 of 8 escape checks held" in shown
    with pytest.raises(IsolationError, match="There is no level 2"):
        typed("run", solution, suite, "--level", "2")
    assert CliRunner().invoke(app, ["run", str(solution), "--inspect", "x.py", "--level", "L2"]).exit_code == 2


def test_the_levels_are_listed_with_what_is_missing(monkeypatch):
    monkeypatch.delenv("SILD_KUBECONFIG", raising=False)
    monkeypatch.setenv("SILD_CDI", "/nowhere")
    rows = {(row["level"], row["for"]): row for row in in_json("levels")}
    assert [level for level, _for in rows] == ["L0", "L1", "L1", "L2", "L2", "L3"]
    assert [row["ok"] for row in rows.values()] == [True, True, True, True, False, False]
    assert "gpus: 0 here, 1 asked for" in rows["L2", "solutions with a GPU"]["missing"]
    assert "Set SILD_KUBECONFIG" in rows["L3", "images by digest"]["missing"]
    assert "runsc" in typed("levels")


def test_a_run_that_does_not_reach_its_thresholds_ends_with_status_1(tallinn, tmp_path):
    suite = write_suite(tmp_path / "t", [{"id": "a", "input": 1, "target": 2}])
    report = in_json("run", write_solution(tmp_path / "s", ECHO), suite, status=1)
    assert report["passed"] is False
    assert "not met" in typed("show", report["run"])


def test_a_failed_run_can_be_shown_and_resumed(tallinn, tmp_path):
    from sild.sandbox.engine.errors import RuntimeMissingError  # noqa: PLC0415 -- one test of many needs it

    solution = write_solution(tmp_path / "s", ECHO, packages=["no-such-thing"])
    with pytest.raises(RuntimeMissingError):
        typed("run", solution, write_suite(tmp_path / "t", numbers(3)))
    [row] = in_json("runs")
    assert row["state"] == "failed"
    assert "failed" in typed("show", row["id"])
    assert in_json("show", row["id"])["state"] == "failed"
    with pytest.raises(RuntimeMissingError):
        typed("resume", row["id"])


def test_what_cannot_be_found_or_read_is_an_error_with_a_code(tallinn, tmp_path):
    with pytest.raises(NotFoundError) as missing:
        typed("run", "nothing", "nothing")
    assert missing.value.code == "not-found"
    with pytest.raises(FormError) as broken:
        typed("register", tmp_path)
    assert broken.value.code == "form"


def test_the_whole_command_says_in_lines_what_is_wrong(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "solution.yaml").write_text("name: Echo\nversion: 1\nmore: 2\n")
    home = {**os.environ, "SILD_HOME": str(tmp_path / "home"), "DATABASE_URL": ""}
    sild = [sys.executable, "-m", "sild.node.cli"]
    prepare(tmp_path / "home")
    subprocess.run([*sild, "init", "--node", "tallinn"], env=home, capture_output=True, check=True)
    command = [*sild, "sandbox", "register", str(tmp_path / "s")]
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "solution.yaml:1:1: name: " in done.stderr
    assert "solution.yaml:3:1: more: there is no such member" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_checks_that_come_with_the_product_become_suites(tallinn):
    names = {row["name"] for row in in_json("suite", "checks")}
    assert {"questions", "refusals", "injections", "leaks", "parity", "robustness", "bias"} <= names
    assert in_json("suite", "check", "questions", "--language", "et")["samples"] == 100
    assert "parity-all" in typed("suite", "check", "parity")
    with pytest.raises(CheckError, match="There is no check questions in all"):
        typed("suite", "check", "questions")


def test_runs_are_compared_and_a_sample_is_proved(tallinn, tmp_path):
    solution, suite = write_solution(tmp_path / "s", ECHO), write_suite(tmp_path / "t", numbers(5))
    first, second = (in_json("run", solution, suite)["run"] for _ in range(2))
    assert in_json("compare", first, second)["equal"] == 5
    assert "equal in 5." in typed("compare", first, second)
    (tmp_path / "report.json").write_text(typed("show", first, "--json"))
    sample = json.loads(next((tmp_path / "t").glob("*.jsonl")).read_text().splitlines()[0])["id"]
    (tmp_path / "proof.json").write_text(typed("sample", first, sample))
    assert "The sample belongs to the report" in typed(
        "check-sample", tmp_path / "report.json", tmp_path / "proof.json"
    )
