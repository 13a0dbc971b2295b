"""Landlock's rules, as long as a kernel's version knows them."""

from __future__ import annotations

import struct

import pytest

from sild.sandbox.engine import landlock

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("version", "words"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 3)])
def test_a_kernel_is_told_only_what_its_version_knows(version, words):
    rules = landlock.ruleset(version)
    handled = struct.unpack(f"<{words}Q", rules.attributes)
    assert handled[0].bit_length() == {1: 13, 2: 14}.get(version, 15)
    assert all(rights & ~handled[0] == 0 for _folder, rights in rules.allowed)


def test_only_scratch_and_devices_may_be_written():
    rights = dict(landlock.ruleset(7).allowed)
    write, make = 1 << 1, 1 << 8
    assert not rights["/"] & (write | make)
    assert rights["/scratch"] & make
    assert rights["/dev"] & (write | make) == write


def test_tcp_is_given_up_unless_a_program_serves_itself():
    assert struct.unpack("<3Q", landlock.ruleset(7).attributes)[1] == 3
    assert struct.unpack("<3Q", landlock.ruleset(7, loopback=True).attributes)[1] == 0


def test_this_kernels_version_is_asked():
    assert landlock.version() >= 0
