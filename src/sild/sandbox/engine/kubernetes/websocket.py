"""The client's side of a WebSocket (RFC 6455): as much as attaching to a container asks for."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import threading
from typing import TYPE_CHECKING

from sild.sandbox.engine.errors import IsolationError

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from ssl import SSLSocket

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_LAST, _MASKED = 0x80, 0x80
_SHORT, _MEDIUM = 126, 127
_MOST_HEADER, _MOST_MESSAGE = 64 * 1024, 32 * 1024 * 1024
_SECONDS = 30


class WebSocket:
    """An open connection; one thread may send while another receives."""

    def __init__(self, connection: SSLSocket | socket.socket) -> None:
        self._socket = connection
        self._file = connection.makefile("rb")
        self._sending = threading.Lock()

    @classmethod
    def connect(
        cls, connection: SSLSocket | socket.socket, host: str, target: str, headers: dict[str, str]
    ) -> WebSocket:
        """Ask for a WebSocket on an open connection.

        Args:
            connection: to the server.
            host: as its header `Host` has it.
            target: path and query.
            headers: further ones, `Sec-WebSocket-Protocol` among them: one that the server has to accept.

        Raises:
            IsolationError: the server refused, or speaks another protocol.
        """
        key = base64.b64encode(os.urandom(16))
        asked = {
            "Host": host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key.decode(),
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items()), "", ""]
        connection.sendall("\r\n".join(lines).encode())
        made = cls(connection)
        status, answered = made._head()
        expected = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest()).decode()
        wanted = headers["Sec-WebSocket-Protocol"]
        if status != "101" or answered.get("sec-websocket-accept") != expected:
            raise IsolationError(f"The cluster does not let us attach to the container (status {status}).")
        if answered.get("sec-websocket-protocol") != wanted:
            raise IsolationError(f"The cluster does not speak {wanted}. Use Kubernetes 1.30 or later.")
        return made

    def send(self, data: bytes) -> None:
        """Send a binary message.

        Raises:
            OSError: the connection is gone.
        """
        self._send(_BINARY, data)

    def messages(self) -> Iterator[bytes]:
        """Messages as they come, until the server closes or is gone; pings are answered in between."""
        message = b""
        while (frame := self._frame()) is not None:
            last, kind, data = frame
            if kind == _PING:
                self._send(_PONG, data)
            elif kind == _CLOSE:
                return
            elif kind in {_CONTINUATION, _TEXT, _BINARY}:
                message += data
                if len(message) > _MOST_MESSAGE:
                    return
                if last:
                    yield message
                    message = b""

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def _head(self) -> tuple[str, dict[str, str]]:
        """The server's status and headers."""
        status = self._file.readline(_MOST_HEADER).decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (line := self._file.readline(_MOST_HEADER).decode("latin-1").strip()) and len(headers) < _SHORT:
            name, _colon, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return (status[1] if len(status) > 1 else "none"), headers

    def _frame(self) -> tuple[bool, int, bytes] | None:
        """The next frame: whether it is a message's last, its kind and its data; None at the end (section 5.2)."""
        try:
            first, second = self._exactly(2)
            size = second & 0x7F
            if size == _SHORT:
                [size] = struct.unpack(">H", self._exactly(2))
            elif size == _MEDIUM:
                [size] = struct.unpack(">Q", self._exactly(8))
            if second & _MASKED or size > _MOST_MESSAGE:
                return None  # a server masks nothing (section 5.1)
            return bool(first & _LAST), first & 0x0F, self._exactly(size)
        except (OSError, EOFError):
            return None

    def _exactly(self, size: int) -> bytes:
        """So many bytes.

        Raises:
            EOFError: the connection ended before.
        """
        data = self._file.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _send(self, kind: int, data: bytes) -> None:
        """Send one frame, masked as a client has to (section 5.3)."""
        size = len(data)
        if size < _SHORT:
            head = bytes((_LAST | kind, _MASKED | size))
        elif size < 1 << 16:
            head = bytes((_LAST | kind, _MASKED | _SHORT)) + struct.pack(">H", size)
        else:
            head = bytes((_LAST | kind, _MASKED | _MEDIUM)) + struct.pack(">Q", size)
        mask = os.urandom(4)
        repeated = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        masked = (int.from_bytes(data, "big") ^ repeated).to_bytes(size, "big")
        with self._sending:
            self._socket.sendall(head + mask + masked)
