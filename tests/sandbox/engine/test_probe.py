"""The escape self-test: what it finds in the isolation, and that it would find a hole."""

# ruff: noqa: E501 -- a program reads best in one piece

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files

import pytest

from sild.sandbox.engine import default_isolation, probe
from sild.sandbox.engine.errors import IsolationError

pytestmark = pytest.mark.integration


def test_every_attempt_is_made_and_held():
    checks = probe.escape_checks(default_isolation())
    assert [check.name for check in checks] == list(probe.ATTEMPTS)
    assert all(check.ok for check in checks), checks
    probe.require(checks)


def test_without_isolation_the_same_program_gets_out():
    """The self-test is worth something only if it can fail: outside, at least these attempts succeed."""
    program = str(files("sild.sandbox.engine") / "inside" / "escape.py")
    code = f"import runpy; space = runpy.run_path({program!r}); import json\nfor name in ('network', 'other_processes', 'memory'):\n  print(json.dumps(space[name]()))"
    done = subprocess.run([sys.executable, "-c", code, str(1 << 20)], capture_output=True, text=True, check=True)
    assert [json.loads(line)[0] for line in done.stdout.splitlines()] == [False, False, False]


def test_an_attempt_that_says_nothing_counts_as_an_escape():
    checks = probe.checks(b'{"name": "network", "ok": true, "detail": "EACCES"}\n')
    assert [check.ok for check in checks] == [True] + [False] * (len(probe.ATTEMPTS) - 1)
    with pytest.raises(IsolationError, match="secret-file"):
        probe.require(checks)


def test_checks_are_plain_values_for_a_report():
    assert probe.as_dicts([probe.Check("a", ok=True, detail="b")]) == [{"name": "a", "ok": True, "detail": "b"}]
