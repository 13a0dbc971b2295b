"""The filter about whose calls the node is asked, run instruction by instruction as the kernel would."""

from __future__ import annotations

import socket

import pytest

from sandbox.engine.test_seccomp import ALLOW, ARM, X86, interpret
from sild.sandbox.engine import notify

pytestmark = pytest.mark.unit

ASK, DONE = 0x7FC00000, 0x00050000
MACHINES = pytest.mark.parametrize(("machine", "architecture", "column"), [("x86_64", X86, 0), ("aarch64", ARM, 1)])


def decider(machine, architecture, column, *, loopback=False):
    program = notify.program(machine, loopback=loopback)
    return lambda name, *arguments: interpret(
        program, architecture, {**notify.CALLS, "setsockopt": (54, 208)}[name][column], *arguments
    )


@MACHINES
def test_what_leads_outside_is_asked_about(machine, architecture, column):
    on = decider(machine, architecture, column)
    for name in notify._ALWAYS:
        if notify.CALLS[name][column] is not None:
            assert on(name) == ASK
    for family in (socket.AF_INET, socket.AF_INET6):
        assert on("socket", family) == ASK
    assert on("socket", socket.AF_UNIX) == ALLOW


@MACHINES
def test_processes_are_asked_about_and_threads_are_not(machine, architecture, column):
    on = decider(machine, architecture, column)
    assert on("clone", 17) == ASK
    assert on("clone", 0x003D0F00) == ALLOW


@MACHINES
def test_packets_are_asked_about_when_they_name_an_address(machine, architecture, column):
    on = decider(machine, architecture, column)
    assert on("sendto", 3, 1, 1, 0, 0) == ALLOW
    assert on("sendto", 3, 1, 1, 0, 0x1000) == ASK
    assert on("sendto", 3, 1, 1, 0, 0x7F00000000) == ASK


@MACHINES
def test_options_of_internet_protocols_are_granted_without_effect(machine, architecture, column):
    on = decider(machine, architecture, column)
    assert on("setsockopt", 3, socket.IPPROTO_TCP) == DONE
    assert on("setsockopt", 3, socket.SOL_SOCKET) == ALLOW


@MACHINES
def test_with_loopback_sockets_are_real(machine, architecture, column):
    on = decider(machine, architecture, column, loopback=True)
    assert on("socket", socket.AF_INET) == ALLOW
    assert on("setsockopt", 3, socket.IPPROTO_TCP) == ALLOW
    assert on("connect", 3) == ASK


def test_other_machines_have_no_filter():
    assert notify.program("riscv64") is None


def test_this_kernel_asks():
    assert notify.supported()


def test_a_kernel_that_does_not_ask_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(notify, "_ACTIONS", tmp_path / "none")
    assert not notify.supported()
