"""A running process: its limits, its end, what it used."""

# ruff: noqa: E501 -- a program reads best in one piece

from __future__ import annotations

import time

import pytest

from sild.sandbox.engine import default_isolation
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.limits import MIB, Limits

pytestmark = pytest.mark.integration


def start(code, **limits):
    python = interpreter()
    return default_isolation().start(Job((python.program, "-c", code), python.binds, limits=Limits(**limits)))


def test_what_was_used_is_measured():
    code = "kept = b'x' * (60 << 20)\nopen('/scratch/a', 'wb').write(bytes(1 << 20))\nimport time; time.sleep(0.4)\nsum(range(5_000_000))"
    with start(code, wall_seconds=20) as process:
        while not process.check() and process.alive():
            time.sleep(0.02)
        usage = process.finish()
    assert usage.exit == 0
    assert 60 * MIB < usage.peak_memory_bytes < 120 * MIB
    assert usage.cpu_seconds > 0.05
    assert usage.wall_seconds > 0.4
    assert (usage.peak_processes, usage.scratch_bytes, usage.scratch_files) == (1, MIB, 1)


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("import time; time.sleep(60)", {"wall_seconds": 1}, "wall-limit"),
        ("while True: pass", {"cpu_seconds": 1}, "cpu-limit"),
        ("n = 0\nwhile True: open('/scratch/%d' % n, 'w'); n += 1", {"scratch_files": 200}, "scratch-limit"),
    ],
)
def test_a_limit_ends_it_and_is_named(code, limits, reason):
    with start(code, **limits) as process:
        usage = process.finish()
    assert usage.stopped_by == reason
    assert usage.wall_seconds < 10


def test_the_first_reason_counts_and_an_ended_process_has_none():
    with start("import time; time.sleep(60)") as process:
        process.kill("first")
        process.kill("second")
        assert process.check() == "first"
        assert process.finish().stopped_by == "first"
    with start("pass") as process:
        while process.alive():
            time.sleep(0.01)
        process.kill("too late")
        usage = process.finish()
        assert (usage.exit, usage.stopped_by) == (0, "")
        assert process.finish() is usage


def test_leaving_the_context_ends_everything_below_it():
    code = "import os, time\nfor _ in range(5):\n  if os.fork() == 0: time.sleep(60)\nprint('up', flush=True)\ntime.sleep(60)"
    with start(code) as process:
        assert process.stdout.readline() == b"up\n"
    assert process.finish().stopped_by == "ended by the node"
