"""A partner's exchange over real TLS: the group and the keys are real, what it answers is the test's to decide."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from http import HTTPStatus
from inspect import signature

from OpenSSL import SSL

from sild.trust.tls import ServerContextFactory


class Link:
    """Serves each request with `answer(method, path, body) -> (status, bytes[, headers])`; keeps what was asked.

    An `answer` that takes four arguments is told the request's head, too. With `cut_after`, the link ends after so
    many bytes of answers' bodies.
    """

    def __init__(self, keys, answer, cut_after=None):
        self._left = cut_after
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
        wants_head = len(signature(self._answer).parameters) == 4
        status, answer, *more = self._answer(method, path, body, *([head] if wants_head else []))
        phrase = HTTPStatus(status).phrase
        headers = "".join(f"{name}: {value}\r\n" for name, value in (more[0] if more else {}).items())
        start = f"HTTP/1.1 {status} {phrase}\r\n{headers}content-length: {len(answer)}\r\n\r\n"
        if self._left is not None and self._left < len(answer):
            connection.sendall(start.encode() + answer[: self._left])
            raise SSL.ZeroReturnError
        self._left = None if self._left is None else self._left - len(answer)
        connection.sendall(start.encode() + answer)


@contextmanager
def linked(keys, answer, **options):
    """A running link."""
    link = Link(keys, answer, **options)
    try:
        yield link
    finally:
        link.close()
