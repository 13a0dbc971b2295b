"""Pairs of sockets in the place of internet sockets."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from sild.sandbox.engine.pairs import AT_MOST, Pairs

pytestmark = pytest.mark.integration


@pytest.fixture
def pairs():
    made = Pairs()
    yield made
    made.close_all()


def test_a_pair_is_found_by_the_programs_end(pairs):
    theirs, pair = pairs.make(socket.SOCK_STREAM)
    with theirs, Path(os.devnull).open() as other:
        assert pairs.of(os.getpid(), theirs.fileno()) is pair
        assert pairs.of(os.getpid(), other.fileno()) is None
        assert pairs.of(os.getpid(), 9999) is None
        assert not pair.packets
        assert theirs.getblocking()
        pairs.forget(pair)
        assert pairs.of(os.getpid(), theirs.fileno()) is None
        pair.end.close()


def test_a_program_is_heard_once_and_then_hears_the_end(pairs):
    theirs, pair = pairs.make(socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    with theirs:
        assert pair.packets
        assert not theirs.getblocking()
        theirs.send(b"question")
        assert pair.hear() == b"question"
        assert theirs.recv(9) == b""
        assert pair.hear() == b""  # nothing more yet
        theirs.send(b"again")
        assert pair.hear() == b"again"


def test_there_are_no_raw_sockets_and_not_too_many(pairs):
    assert pairs.make(socket.SOCK_RAW) is None
    assert pairs.make(99) is None
    for _ in range(AT_MOST):
        pairs.make(socket.SOCK_STREAM)[0].close()
    assert pairs.make(socket.SOCK_STREAM) is None
    pairs.close_all()
    theirs, _pair = pairs.make(socket.SOCK_STREAM)
    theirs.close()
