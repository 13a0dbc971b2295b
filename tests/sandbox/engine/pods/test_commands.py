"""Commands with their streams: bounded, in time, ended when nobody waits."""

from __future__ import annotations

import threading

import pytest

from sild.sandbox.engine.pods import commands
from sild.sandbox.engine.pods.commands import Cancel

pytestmark = pytest.mark.integration

MOST = 1024 * 1024


def test_what_it_says_and_how_it_ends_is_told():
    ran = commands.run(["sh", "-c", "echo out; echo err >&2; exit 7"], most=MOST)
    assert (ran.code, ran.out, ran.err, ran.late, ran.over) == (7, b"out\n", b"err\n", False, False)


def test_input_goes_in_while_output_comes_out():
    given = bytes(range(256)) * 2000
    assert commands.run(["cat"], given, most=MOST).out == given


def test_a_command_that_reads_nothing_does_not_hold_anybody():
    assert commands.run(["true"], b"x" * MOST, most=10).code == 0


def test_what_stays_in_the_background_holds_nobody():
    assert commands.run(["sh", "-c", "sleep 20 & echo started"], most=MOST, seconds=10).out == b"started\n"


def test_what_takes_too_long_is_ended():
    ended = []
    ran = commands.run(["sleep", "20"], most=MOST, seconds=0.1, end=lambda: ended.append(1))
    assert ran.late
    assert ended == [1]


def test_what_says_too_much_is_ended_and_cut():
    ran = commands.run(["yes"], most=1000)
    assert ran.over
    assert ran.out == b"y\n" * 500
    assert commands.run(["sh", "-c", "printf 123"], most=2).over


def test_what_nobody_waits_for_is_ended():
    cancel, ended = Cancel(), []
    threading.Timer(0.1, cancel.set).start()
    ran = commands.run(["sleep", "20"], most=MOST, cancel=cancel, end=lambda: ended.append(1))
    assert ran.code == -9
    assert ended == [1]
    cancel.set()  # it has ended, and nothing happens


def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(OSError, match="no-such-program"):
        commands.run(["no-such-program"], most=MOST)
