"""Socket addresses and questions to name servers, from bytes that a hostile program may have written."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.sandbox.engine.messages import Address, address, name_asked

pytestmark = pytest.mark.unit


def ipv4(host, port):
    return struct.pack("<H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton(host)


def ipv6(host, port):
    head = struct.pack("<H", socket.AF_INET6) + struct.pack(">HI", port, 0)
    return head + socket.inet_pton(socket.AF_INET6, host)


def question(*labels, count=1):
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">6H", 7, 0x0100, count, 0, 0, 0) + name + struct.pack(">HH", 1, 1)


def test_internet_addresses_are_read():
    assert str(address(ipv4("192.0.2.1", 80))) == "192.0.2.1:80"
    assert str(address(ipv6("2001:db8::1", 443))) == "[2001:db8::1]:443"
    assert address(ipv6("::ffff:192.0.2.1", 80)) == Address("192.0.2.1", 80)


@pytest.mark.parametrize("raw", [b"", b"\1\0/run/socket", ipv4("192.0.2.1", 1)[:7], ipv6("::1", 1)[:23]])
def test_other_families_and_pieces_are_no_internet_address(raw):
    assert address(raw) is None


def test_the_name_in_a_question_is_read():
    assert name_asked(question(b"www", b"example", b"org")) == "www.example.org"


@pytest.mark.parametrize(
    "packet",
    [b"", question(b"a", count=0), question(b"a" * 64), question(b"abc")[:14], question(b"abc")[:16], question()],
)
def test_what_is_no_question_has_no_name(packet):
    assert name_asked(packet) is None


@given(st.binary(max_size=600))
def test_no_bytes_are_an_error(raw):
    address(raw)
    name_asked(raw)
