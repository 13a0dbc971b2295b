"""Files of any size in constant memory: under a limit that the operating system holds, smaller than the file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scale import scaled

pytestmark = [pytest.mark.integration, pytest.mark.scaled]
MEGABYTE = 1024 * 1024
# By night the five gigabytes of the largest attachment that is promised.
SIZE = scaled(64, 5 * 1024) * MEGABYTE


def test_a_file_larger_than_all_memory_that_is_allowed_is_sealed_kept_and_opened(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    (tmp_path / "home").mkdir()
    environment = {**kept, "SILD_HOME": str(tmp_path / "home"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    program = str(Path(__file__).with_name("limited.py"))
    done = subprocess.run(
        [sys.executable, program, str(tmp_path), str(SIZE), str(32 * MEGABYTE)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
