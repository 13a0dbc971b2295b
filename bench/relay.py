"""A relay between two nodes that counts the bytes on the wire, TLS and all."""

from __future__ import annotations

import socket
import threading
import time


class Relay:
    """Listens on a free port of the loopback interface and passes everything on to another."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        # When, whether it went to the target, and how many bytes.
        self.seen: list[tuple[float, bool, int]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def polls(self, since: float) -> list[int]:
        """Bytes of each question with its answer; a question starts where an answer, however late, has ended."""
        found: list[int] = []
        answered = True
        for _at, asks, size in [one for one in self.seen if one[0] >= since]:
            if asks and answered:
                found.append(0)
            answered = not asks
            if found:
                found[-1] += size
        return found

    def _accept(self) -> None:
        """Connect each caller."""
        while True:
            try:
                caller, _address = self._listener.accept()
            except OSError:
                return
            try:
                target = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                # The node behind it has stopped; whoever calls is told by the closed connection.
                caller.close()
                continue
            for one, other, asks in ((caller, target, True), (target, caller, False)):
                threading.Thread(target=self._pass_on, args=(one, other, asks), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, asks: bool) -> None:  # noqa: FBT001 -- a thread's argument
        """Pass on what comes from one side until it ends."""
        try:
            while data := one.recv(65536):
                self.seen.append((time.monotonic(), asks, len(data)))
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            other.close()
