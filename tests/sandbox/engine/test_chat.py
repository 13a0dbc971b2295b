"""The program between the node and a chat solution, against a real server on a Unix socket."""

from __future__ import annotations

import runpy
import socket
import threading
from contextlib import closing
from importlib.resources import files

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture
def chat(tmp_path, monkeypatch):
    for name, value in {
        "SILD_SOCKET": str(tmp_path / "chat.sock"),
        "SILD_LINE_BYTES": "1000",
        "SILD_SAMPLE_SECONDS": "1",
        "SILD_START_SECONDS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(files("sild.sandbox.engine") / "inside" / "chat.py"))


@pytest.fixture
def replying(tmp_path):
    """A server that gives one reply, whatever is asked."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "chat.sock"))
    server.listen()

    def reply_with(data):
        def serve():
            link, _address = server.accept()
            with link:
                asked = b""
                while not asked.endswith(b"}"):
                    asked += link.recv(65536)
                link.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        return thread

    yield reply_with
    server.close()


def test_a_question_becomes_a_request(chat):
    body = chat["request_body"]
    assert body("tere")["messages"] == [{"role": "user", "content": "tere"}]
    assert body(["õ"])["messages"][0]["content"] == '["õ"]'
    own = body({"messages": [{"role": "system", "content": "s"}], "model": "m", "stream": True})
    assert (own["model"], own["stream"], own["messages"][0]["role"]) == ("m", False, "system")


def test_the_replys_text_is_the_answer(chat, replying):
    body = b'{"choices": [{"message": {"content": "jah"}}]}'
    thread = replying(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    with closing(chat["Connection"]()) as connection:
        assert chat["ask"](connection, "?") == "jah"
    thread.join()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", ValueError),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, ValueError),
        (b'HTTP/1.1 200 OK\r\n\r\n{"choices": []}', IndexError),
        (b'HTTP/1.1 200 OK\r\n\r\n{"choices": [{"message": {"content": 3}}]}', TypeError),
        (b"nonsense\r\n\r\n", Exception),
    ],
)
def test_a_reply_that_is_none_is_an_error(chat, replying, reply, error):
    thread = replying(reply)
    with closing(chat["Connection"]()) as connection, pytest.raises(error):
        chat["ask"](connection, "?")
    thread.join()
