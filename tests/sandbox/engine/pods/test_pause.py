"""The program that does nothing: the kernel runs it, and it does not end by itself."""

from __future__ import annotations

import os
import subprocess

import pytest

from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.pods import pause

pytestmark = pytest.mark.integration


def test_it_runs_until_it_is_ended(tmp_path):
    program = tmp_path / "pause"
    program.write_bytes(pause.program())
    program.chmod(0o755)
    with subprocess.Popen([program]) as popen:
        with pytest.raises(subprocess.TimeoutExpired):
            popen.wait(0.1)
        popen.terminate()
        assert popen.wait(5) == -15


def test_a_machine_of_another_kind_is_refused(monkeypatch):
    here = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*here[:4], "mips")))
    with pytest.raises(IsolationError, match="mips"):
        pause.program()


def test_a_program_for_aarch64_has_the_same_form(monkeypatch):
    here = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*here[:4], "aarch64")))
    made = pause.program()
    assert made[:4] == b"\x7fELF"
    assert int.from_bytes(made[18:20], "little") == 183
    assert len(made) == 120 + 7 * 4
