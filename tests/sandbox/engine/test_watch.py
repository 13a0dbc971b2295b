"""What the watchdog sees of real processes."""

# ruff: noqa: E501 -- a program reads best in one piece

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sild.sandbox.engine import watch

pytestmark = pytest.mark.integration

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "kept = b'x' * (50 << 20); print('up', flush=True); input()"], stdin=sys.stdin)
child.wait()
"""


def test_memory_processes_and_time_of_all_descendants_are_counted():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"up\n"
        seen = watch.look(parent.pid)
        assert 50 << 20 < seen.memory_bytes < 200 << 20
        assert seen.processes == 1
        assert seen.cpu_seconds > 0
        assert watch.look(os.getpid()).processes >= 2
        parent.stdin.close()


def test_a_process_that_is_gone_has_used_nothing():
    with subprocess.Popen(["true"]) as gone:
        pass
    seen = watch.look(gone.pid)
    assert (seen.memory_bytes, seen.cpu_seconds, seen.processes) == (0, 0.0, 0)


def test_a_peak_is_the_larger_of_each_figure():
    assert watch.Sample(1, 5.0, 2, 9, 0).peak(watch.Sample(3, 4.0, 2, 1, 7)) == watch.Sample(3, 5.0, 2, 9, 7)
