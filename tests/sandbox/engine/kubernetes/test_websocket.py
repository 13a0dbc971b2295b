"""The WebSocket client: frames of every size, broken up, and what a server may not do."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.kubernetes.websocket import WebSocket

pytestmark = pytest.mark.integration

HEADERS = {"Sec-WebSocket-Protocol": "v5.channel.k8s.io"}


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield WebSocket(ours), theirs


def frame(kind, data, *, last=True):
    head = bytes(((0x80 if last else 0) | kind,))
    size = len(data)
    if size < 126:
        return head + bytes((size,)) + data
    return head + (b"\x7e" + struct.pack(">H", size) if size < 65536 else b"\x7f" + struct.pack(">Q", size)) + data


def test_messages_come_whole_whatever_their_size_and_their_frames(pair):
    ours, theirs = pair
    large = b"x" * 70_000
    sent = frame(2, b"a") + frame(2, b"b" * 300) + frame(2, b"c", last=False) + frame(9, b"ping") + frame(0, b"d")
    writing = threading.Thread(target=theirs.sendall, args=(sent + frame(2, large) + frame(8, b""),))
    writing.start()
    assert list(ours.messages()) == [b"a", b"b" * 300, b"cd", large]
    writing.join()
    pong = theirs.recv(64)
    assert (pong[0], pong[1]) == (0x8A, 0x84)
    assert bytes(a ^ b for a, b in zip(pong[6:10], pong[2:6], strict=True)) == b"ping"


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_what_is_sent_is_masked_and_has_its_length(pair, size):
    ours, theirs = pair
    data = bytes(number % 251 for number in range(size))
    sending = threading.Thread(target=ours.send, args=(data,))
    sending.start()
    file = theirs.makefile("rb")
    first, second = file.read(2)
    told = second & 0x7F
    if told == 126:
        [told] = struct.unpack(">H", file.read(2))
    elif told == 127:
        [told] = struct.unpack(">Q", file.read(8))
    mask, masked = file.read(4), file.read(told)
    sending.join()
    file.close()
    assert (first, second & 0x80, told) == (0x82, 0x80, size)
    assert bytes(byte ^ mask[at % 4] for at, byte in enumerate(masked)) == data


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x82",
        frame(2, b"abc")[:-1],
        b"\x82\x83maskabc",  # masked by a server
        b"\x82\x7f" + struct.pack(">Q", 1 << 40),
        frame(2, b"half", last=False),
    ],
)
def test_what_is_no_frame_ends_the_conversation(pair, sent):
    ours, theirs = pair
    theirs.sendall(sent)
    theirs.shutdown(socket.SHUT_WR)
    assert list(ours.messages()) == []


def test_a_message_without_end_is_not_kept(pair, monkeypatch):
    monkeypatch.setattr("sild.sandbox.engine.kubernetes.websocket._MOST_MESSAGE", 10)
    ours, theirs = pair
    theirs.sendall(frame(2, b"x" * 8, last=False) * 3)
    assert list(ours.messages()) == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "does not let us attach.*403"),
        ("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: wrong\r\n\r\n", "status 101"),
        ("", "status none"),
    ],
)
def test_a_server_that_does_not_answer_as_one_is_refused(answer, why):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(answer.encode())
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(IsolationError, match=why):
            WebSocket.connect(ours, "host", "/", HEADERS)
