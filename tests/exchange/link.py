"""A partner's exchange over real TLS: the group and the keys are real, what it answers is the test's to decide."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from http import HTTPStatus

from OpenSSL import SSL

from sild.trust.tls import ServerContextFactory


class Link:
    """Serves each request with `answer(method, path, body) -> (status, bytes)`; keeps what was asked."""

    def __init__(self, keys, answer):
        self._context = ServerContextFactory(keys).getContext()
        self._answer = answer
        self.asked, self.heads, self._open = [], [], []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for raw in self._open:
            with suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _serve(self):
        while True:
            try:
                raw, _address = self._listener.accept()
            except OSError:
                return
            self._open.append(raw)
            connection = SSL.Connection(self._context, raw)
            connection.set_accept_state()
            try:
                while True:
                    self._one(connection)
            except SSL.Error:
                connection.close()

    def _one(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        method, path, *_rest = head.split(b"\r\n")[0].decode().split(" ")
        wanted = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
        )
        while len(body) < wanted:
            body += connection.recv(65536)
        self.asked.append((method, path, body))
        self.heads.append(head)
        status, answer = self._answer(method, path, body)
        phrase = HTTPStatus(status).phrase
        connection.sendall(f"HTTP/1.1 {status} {phrase}\r\ncontent-length: {len(answer)}\r\n\r\n".encode() + answer)


@contextmanager
def linked(keys, answer):
    """A running link."""
    link = Link(keys, answer)
    try:
        yield link
    finally:
        link.close()
