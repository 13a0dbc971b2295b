"""The web process: a large upload goes through files, never through memory."""

import asyncio
import http.client
import io
from pathlib import Path

import pytest

from node.pairs import Node
from node.test_two_nodes import parts
from sild.node import server

MEGABYTE = 1024 * 1024


@pytest.mark.unit
def test_a_body_is_queued_as_places_and_read_when_it_is_wanted():
    content, queue = io.BytesIO(b"one two three"), asyncio.Queue()
    spooled = server._Spooled(queue, content)
    while piece := content.read(4):
        spooled.put_nowait({"type": "http.request", "body": piece, "more_body": True})
    spooled.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    assert all(not isinstance(message["body"], bytes) for message in list(queue._queue)[:-1])
    bodies = [asyncio.run(server._message(queue.get))["body"] for _ in range(5)]
    assert b"".join(bodies) == b"one two three"


@pytest.mark.unit
def test_when_the_caller_is_gone_the_application_is_told():
    content, queue = io.BytesIO(b"one"), asyncio.Queue()
    server._Spooled(queue, content).put_nowait({"type": "http.request", "body": content.read(), "more_body": False})
    content.close()
    assert asyncio.run(server._message(queue.get)) == {"type": "http.disconnect"}


def peak(pid):
    """The most memory that a process ever had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.e2e
def test_an_upload_does_not_grow_the_web_process(tmp_path):
    node = Node.make(tmp_path / "home", "tallinn")
    node.create()
    try:
        node.start()
        web = parts(node)["web"]
        small, large = (upload(node, size) or peak(web) for size in (MEGABYTE, 128 * MEGABYTE))
        assert large - small < 40 * MEGABYTE
    finally:
        node.leave()
        node.stop()


def upload(node, size):
    """Send a file to a page; whether it is let in does not matter, the body is read first."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    tail = b"\r\n--x--\r\n"
    link = http.client.HTTPConnection("127.0.0.1", node.pages, timeout=120)
    link.putrequest("POST", "/exchange/documents/verify/")
    link.putheader("Content-Type", "multipart/form-data; boundary=x")
    link.putheader("Content-Length", str(len(head) + size + len(tail)))
    link.endheaders(head)
    for _ in range(size // MEGABYTE):
        link.send(bytes(MEGABYTE))
    link.send(tail)
    assert link.getresponse().status in {302, 403, 404}
    link.close()
