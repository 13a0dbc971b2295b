"""The system-call filter, run instruction by instruction as the kernel would."""

from __future__ import annotations

import errno
import os
import socket
import struct

import pytest

from sild.sandbox.engine import seccomp

pytestmark = pytest.mark.unit

ALLOW, KILL = 0x7FFF0000, 0x80000000
X86, ARM = 0xC000003E, 0xC00000B7


def refused(error):
    return 0x00050000 | error


def decide(machine, architecture, number, *arguments):
    return interpret(seccomp.program(machine), architecture, number, *arguments)


def interpret(assembled, architecture, number, *arguments):
    """Run a classic BPF program on a struct seccomp_data (bpf(4), linux/seccomp.h)."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    program = list(struct.iter_unpack("<HBBI", assembled))
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, constant = program[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, constant)[0]
        elif code == 0x06:
            return constant
        else:
            holds = {0x15: accumulator == constant, 0x35: accumulator >= constant, 0x45: accumulator & constant != 0}
            at += if_true if holds[code] else if_false


@pytest.mark.parametrize(("machine", "architecture", "column"), [("x86_64", X86, 0), ("aarch64", ARM, 1)])
def test_every_denied_call_is_refused_and_what_computes_is_allowed(machine, architecture, column):
    for numbers in seccomp._DENIED.values():
        if numbers[column] is not None:
            assert decide(machine, architecture, numbers[column]) == refused(errno.EPERM)
    # read, write, mmap, futex, execve, exit_group, socketpair, prctl
    for number in ((0, 1, 9, 202, 59, 231, 53, 157), (63, 64, 222, 98, 221, 94, 199, 167))[column]:
        assert decide(machine, architecture, number) == ALLOW


@pytest.mark.parametrize(
    ("machine", "architecture", "clone", "clone3", "sockets", "ioctl"),
    [("x86_64", X86, 56, 435, 41, 16), ("aarch64", ARM, 220, 435, 198, 29)],
)
def test_some_calls_depend_on_their_arguments(machine, architecture, clone, clone3, sockets, ioctl):
    def on(number, *arguments):
        return decide(machine, architecture, number, *arguments)

    assert on(clone, 0x003D0F00) == ALLOW  # a thread
    assert on(clone, 17) == ALLOW  # a fork
    for namespace in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x80):
        assert on(clone, namespace | 17) == refused(errno.EPERM)
    assert on(clone3) == refused(errno.ENOSYS)
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):  # the second filter answers the last two
        assert on(sockets, family) == ALLOW
    for family in (socket.AF_PACKET, socket.AF_NETLINK, 40):
        assert on(sockets, family) == refused(errno.EACCES)
    assert on(ioctl, 0, 0x5401) == ALLOW
    assert on(ioctl, 0, 0x5412) == on(ioctl, 0, 0x541C) == refused(errno.EPERM)


def test_calls_of_another_architecture_end_the_process():
    assert decide("x86_64", 0x40000003, 1) == KILL
    assert decide("aarch64", X86, 1) == KILL


def test_the_x32_calls_are_refused():
    assert decide("x86_64", X86, 0x40000000 | 1) == refused(errno.EPERM)


def test_other_machines_have_no_filter():
    assert seccomp.program("riscv64") is None


def test_jumps_stay_within_a_program_that_the_kernel_accepts():
    program = seccomp.program("x86_64")
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096  # BPF_MAXINSNS


def test_the_filter_is_handed_over_in_a_file_without_a_name():
    descriptor = seccomp.memory_file()
    try:
        assert os.read(descriptor, 1 << 16) == seccomp.program(os.uname().machine)
    finally:
        os.close(descriptor)
