"""Answers packed with gzip."""

import gzip

import pytest

from sild.threats.packing import Packer

pytestmark = pytest.mark.unit


def test_what_is_packed_comes_out_as_it_was():
    assert gzip.decompress(Packer().pack(b"a page" * 500)) == b"a page" * 500


def test_the_same_bytes_are_packed_once():
    packer = Packer()
    assert packer.pack(b"a page") is packer.pack(b"a page")


def test_what_was_asked_for_longest_ago_is_forgotten_first():
    one, other, third = b"1" * 100, b"2" * 100, b"3" * 100
    packer = Packer(most=2 * len(Packer().pack(one)))
    first, second = packer.pack(one), packer.pack(other)
    assert packer.pack(one) is first
    packer.pack(third)
    assert packer.pack(one) is first
    assert packer.pack(other) is not second


def test_what_is_larger_than_all_that_may_be_remembered_is_packed_all_the_same():
    assert gzip.decompress(Packer(most=1).pack(b"a page")) == b"a page"
