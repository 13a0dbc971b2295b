"""The program that restricts itself and becomes a command, run as it is."""

from __future__ import annotations

import os
import platform
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from sild.sandbox.engine import bpf, landlock, launch, notify

pytestmark = pytest.mark.integration

# A filter that asks about nothing.
SILENT = bpf.finish(bpf.ALLOW)


def run(tmp_path, command, *, notify=SILENT, rules=None, environment=None):
    """Run it, and whether it handed over a listener."""
    ours, theirs = socket.socketpair()
    machine = platform.machine()
    image = launch.program(machine, command, environment or {}, channel=theirs.fileno(), notify=notify, rules=rules)
    path = tmp_path / "launch"
    path.write_bytes(image)
    path.chmod(0o700)
    done = subprocess.run([path], pass_fds=[theirs.fileno()], capture_output=True, text=True, check=False)
    theirs.close()
    with ours:
        _byte, descriptors, _flags, _address = socket.recv_fds(ours, 1, 1)
    for descriptor in descriptors:
        os.close(descriptor)
    return done, len(descriptors)


def test_it_becomes_the_command_with_these_arguments_and_this_environment(tmp_path):
    done, listeners = run(tmp_path, ("sh", "-c", 'echo "$1 $A"', "sh", "õ"), environment={"A": "1"})
    assert (done.returncode, done.stdout, listeners) == (0, "õ 1\n", 1)


def test_the_channel_is_closed_before_the_command(tmp_path):
    done, _listeners = run(tmp_path, ("ls", "/proc/self/fd"))
    assert done.stdout.split() == ["0", "1", "2", "3"]


def test_a_command_that_cannot_be_loaded_ends_with_the_errors_number(tmp_path):
    done, listeners = run(tmp_path, ("/no/such/program",))
    assert (done.returncode, listeners) == (2, 1)


def test_a_word_that_is_no_program_of_the_system_cannot_be_loaded(tmp_path):
    assert run(tmp_path, ("no-such-program",))[0].returncode == 2


def test_a_filter_that_the_kernel_refuses_ends_it_before_the_command(tmp_path):
    done, listeners = run(tmp_path, ("echo", "ran"), notify=b"")
    assert (done.returncode, done.stdout, listeners) == (22, "", 0)


def test_rules_are_in_force_for_the_command(tmp_path):
    rights = (1 << 0) | (1 << 2) | (1 << 3)
    rules = landlock.Ruleset(struct.pack("<Q", rights | (1 << 1)), (("/", rights), ("/dev", 1 << 1)))
    done, listeners = run(tmp_path, ("sh", "-c", f"echo > /dev/null && echo > {tmp_path}/launch"), rules=rules)
    assert "Permission denied" in done.stderr
    assert listeners == 1


@pytest.mark.parametrize(("machine", "number"), [("x86_64", 62), ("aarch64", 183)])
def test_the_file_is_a_program_for_its_machine(machine, number):
    image = launch.program(machine, ("true",), {}, channel=3, notify=notify.program(machine), rules=None)
    assert image[:4] == b"\x7fELF"
    kind, built_for = struct.unpack_from("<HH", image, 16)
    entry, headers = struct.unpack_from("<QQ", image, 24)
    assert (kind, built_for, headers) == (2, number, 64)
    code, data = (struct.unpack_from("<IIQQQQQQ", image, 64 + 56 * index) for index in (0, 1))
    assert (code[1], data[1]) == (5, 6)  # nothing can be both written and executed
    assert code[3] <= entry < code[3] + code[5]
    assert data[2] + data[5] == len(image)


@pytest.mark.parametrize(("machine", "numbers"), [("x86_64", (116, 119, 117, 126)), ("aarch64", (159, 149, 147, 91))])
def test_a_user_is_become_for_good_before_anything_else_is_given_up(machine, numbers):
    image = launch.program(machine, ("true",), {}, channel=3, notify=SILENT, rules=None, uid=7)
    calls = list(struct.iter_unpack("<8Q", image[65536 : 65536 + 64 * 96]))
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    assert [call[1:3] for call in calls[1 : last + 2]] == [(24, number) for number in range(last + 1)]
    groups, group, user, capabilities = calls[last + 2 : last + 6]
    assert (groups[:3], group[:4], user[:4]) == ((numbers[0], 0, 0), (numbers[1], 7, 7, 7), (numbers[2], 7, 7, 7))
    assert capabilities[0] == numbers[3]
