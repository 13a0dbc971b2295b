"""Words of modules: what the list says is what the modules say, and nothing is imported before it is needed."""

import os
import subprocess
import sys

import pytest

from sild.node import words

pytestmark = pytest.mark.integration
# What no list of commands needs; each of these alone would double the time that it takes.
HEAVY = {"django", "cryptography", "pydantic", "orjson", "numpy", "urllib3", "ssl", "asyncio"}
REPORT = """
import sys
from sild.node.cli import main
sys.argv = ["sild", *sys.argv[1:]]
try:
    main()
finally:
    print("\\nimported:", *(name for name in sys.modules if "." not in name or name.startswith("sild.")))
"""


# The help of every word, one after the other.
ALL = """
    from contextlib import suppress
    from sild.node.words import WORDS
    for word in WORDS:
        sys.argv = ["sild", word, "--help"]
        with suppress(SystemExit):
            main()
"""


def imported(home, *typed, code=REPORT, **environment):
    """Status and imported modules of a new process."""
    done = subprocess.run(
        [sys.executable, "-c", code, *typed],
        env={**os.environ, "SILD_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, set(done.stdout.rpartition("imported:")[2].split())


@pytest.mark.parametrize("name", words.WORDS)
def test_what_a_word_is_for_is_said_as_in_its_module(name):
    assert " ".join(words.loaded(name).help.split()) == words.WORDS[name].help


def test_the_list_of_words_imports_no_module(tmp_path):
    status, modules = imported(tmp_path, "--help")
    assert status == 0
    assert modules & HEAVY == set()
    assert {name for name in modules if name.endswith("cli")} == {"sild.node.cli", "sild.node.own_cli"}


def test_the_help_of_a_word_imports_its_own_commands_alone(tmp_path):
    status, modules = imported(tmp_path, "sandbox", "--help")
    assert status == 0
    commands = {name for name in modules if name.endswith("cli")}
    assert {name for name in commands if not name.startswith("sild.sandbox.")} == {"sild.node.cli", "sild.node.own_cli"}


def test_no_words_help_imports_anything_heavy(tmp_path):
    code = REPORT.replace("    main()", ALL)
    status, modules = imported(tmp_path, code=code)
    assert status == 0
    assert modules & HEAVY == set()
    assert {word.module for word in words.WORDS.values()} <= modules


def test_completing_a_command_imports_nothing_heavy(tmp_path):
    typed = {"COMP_WORDS": "sild sandbox r", "COMP_CWORD": "2", "_SILD_COMPLETE": "complete_bash"}
    assert imported(tmp_path, **typed)[1] & HEAVY == set()


def test_a_command_that_needs_a_node_starts_django(tmp_path):
    status, modules = imported(tmp_path, "sandbox", "runs")
    assert (status, "django" in modules) == (1, True)


def test_a_command_that_needs_no_node_runs_without_one(tmp_path):
    assert imported(tmp_path, "analyst", "card")[0] == 0


def test_verifying_imports_neither_django_nor_the_command_line(tmp_path):
    (tmp_path / "file").write_text("no record")
    for typed in (["verify"], ["record", "verify"]):
        command = [sys.executable, "-X", "importtime", "-m", "sild.node.cli", *typed, str(tmp_path / "file")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.startswith("Not a record's file")) == (1, True)
        modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert modules & (HEAVY | {"typer", "rich"}) == {"cryptography", "orjson"}
