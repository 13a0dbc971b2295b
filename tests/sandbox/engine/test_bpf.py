"""Assembling filters."""

from __future__ import annotations

import os

import pytest

from sild.sandbox.engine import bpf

pytestmark = pytest.mark.unit


def test_a_machine_that_is_not_known_has_no_numbers():
    assert [bpf.column(machine) for machine in ("x86_64", "aarch64", "riscv64")] == [0, 1, None]


def test_arguments_stand_where_the_kernel_puts_them():
    assert [bpf.argument(0), bpf.argument(4), bpf.argument(4, high=True)] == [16, 48, 52]


def test_an_action_for_one_call_is_jumped_over_for_others():
    assert bpf.on(7, bpf.refuse(1)) == bytes.fromhex("1500000107000000 0600000001000500")


def test_after_a_body_the_number_is_loaded_again():
    assert bpf.when(7, b"").endswith(bpf.instruction(bpf.LOAD, bpf.NUMBER))


def test_a_memory_file_is_read_from_its_start():
    descriptor = bpf.memory_file(b"abc", "name")
    try:
        assert os.read(descriptor, 9) == b"abc"
    finally:
        os.close(descriptor)
