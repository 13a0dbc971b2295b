"""All parsers of what others send, fuzzed for a bounded time: each returns, or raises its module's own error."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.targets import TARGETS
from scale import scaled

pytestmark = pytest.mark.fuzz
SECONDS = scaled(3, 600)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the driver left, in a folder for each target."""
    made = tmp_path_factory.mktemp("fuzz")
    command = [sys.executable, str(Path(__file__).parent / "driver.py"), str(made), str(SECONDS), *TARGETS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return made


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_a_parser_ends_with_a_result_or_its_own_error(folder, name):
    assert (folder / name / "status").exists(), "the driver did not get to it"
    log = (folder / name / "log").read_text(errors="replace")
    assert (folder / name / "status").read_text() == "0\n", log[-6000:]
    tried = re.search(r"Done (\d+) runs", log)
    seeds = sum(path.name.isdigit() for path in (folder / name / "seeds").iterdir())
    assert tried
    assert int(tried[1]) > seeds > 0, "nothing was tried but what it began with"
