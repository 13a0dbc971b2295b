"""The command line: every word is listed, and whatever goes wrong is one line and status 1."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from prepared import prepare
from sild.node import words

pytestmark = pytest.mark.integration


def sild(home, *typed, **environment):
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "SILD_RUN" or not (name.startswith("SILD_") or name == "DATABASE_URL")
    }
    command = [sys.executable, "-m", "sild.node.cli", *typed]
    settings = {**kept, "SILD_HOME": str(home), "COLUMNS": "200", **environment}
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("node") / "home"
    prepare(folder)
    made = sild(folder, "init", "--node", "tallinn")
    assert made.returncode == 0, made.stderr
    return folder


def test_a_new_node_in_the_folder_of_an_old_one_begins_a_log_of_its_own(tmp_path):
    body = tmp_path / "body.json"
    body.write_text('{"text": "An example."}')
    for _ in range(2):
        shutil.rmtree(tmp_path / "home", ignore_errors=True)
        assert sild(tmp_path / "home", "init", "--node", "tallinn").returncode == 0
        typed = ("record", "publish", "exchange.comment", str(body), "--subject", "Example", "--tlp", "CLEAR")
        done = sild(tmp_path / "home", *typed, "--to", "public")
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(sild(tmp_path / "home", "status", "--json").stdout)["log_size"] == 1


def failed(done):
    """The one line that a failed command printed on standard error."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    [line] = done.stderr.strip().splitlines()
    return line


def test_the_list_of_commands_has_every_word_and_what_it_is_for(tmp_path):
    listed = sild(tmp_path, "--help").stdout
    for word in (*words.WORDS, "init", "up", "status", "doctor"):
        assert f" {word} " in listed, word


@pytest.mark.parametrize("typed", [("status",), ("up",), ("partner", "list"), ("record", "list"), ("sandbox", "runs")])
def test_without_a_node_a_command_says_how_to_make_one(tmp_path, typed):
    assert "sild init" in failed(sild(tmp_path / "none", *typed))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("record", "show", "no-such-id"), "no-such-id"),
        (("partner", "add", "no-such-file"), "no-such-file: No such file or directory"),
        (("partner", "pin", "kyiv", "X"), "sild partner add"),
        (("plan", "show"), "sild plan load"),
        (("sandbox", "run", "nothing", "nothing"), "sild sandbox solutions"),
        (("init", "--node", "tallinn"), "already"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_a_person_can_mend_is_one_line(home, typed, said):
    assert said in failed(sild(home, *typed))


def test_a_database_that_cannot_be_used_is_one_line_too(home):
    assert "failed where it should not" in failed(
        sild(home, "record", "list", DATABASE_URL="postgresql://127.0.0.1:1/x")
    )


def test_a_wrong_setting_names_itself(home):
    assert "SILD_LANGUAGE" in failed(sild(home, "record", "list", SILD_LANGUAGE="fr"))


def test_what_is_mistyped_is_said_without_a_node(tmp_path):
    done = sild(tmp_path / "none", "sandbx")
    assert (done.returncode, "Did you mean 'sandbox'?" in done.stderr) == (2, True)
    done = sild(tmp_path / "none", "record", "publish")
    assert (done.returncode, "Missing argument 'kind'" in done.stderr) == (2, True)
    done = sild(tmp_path / "none", "record", "verify", "a.json", "b.json")
    assert (done.returncode, "unexpected extra argument" in done.stderr) == (2, True)


def test_a_failure_in_verifying_is_one_line_too(tmp_path):
    assert "no-such-file cannot be read" in failed(sild(tmp_path, "verify", str(tmp_path / "no-such-file")))


def test_a_shell_completes_words_and_commands(tmp_path):
    def completed(words, place):
        typed = {"COMP_WORDS": words, "COMP_CWORD": str(place), "_SILD_COMPLETE": "complete_bash"}
        code = "import sys; sys.argv = ['sild']; from sild.node.cli import main; main()"
        environment = {**os.environ, "SILD_HOME": str(tmp_path), **typed}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout.split()

    assert completed("sild s", 1) == ["status", "sign", "seal", "sandbox"]
    assert {"run", "suite"} <= set(completed("sild sandbox ", 2))


def test_status_and_doctor_speak_json(home):
    facts = json.loads(sild(home, "status", "--json").stdout)
    assert (facts["node"], facts["running"], facts["log_size"]) == ("tallinn", False, facts["records"])
    findings = json.loads(sild(home, "doctor", "--json").stdout)
    assert {"hybrid TLS", "database", "home"} <= {finding["name"] for finding in findings}


def test_doctor_ends_with_status_1_when_something_is_missing(home):
    home.chmod(0o755)
    try:
        done = sild(home, "doctor")
    finally:
        home.chmod(0o700)
    assert done.returncode == 1
    assert "chmod 700" in done.stdout
