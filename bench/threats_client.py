"""A TAXII client that costs next to nothing, so that what is measured is the server."""

from __future__ import annotations

import http.client
import socket
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import orjson

TAXII = "application/taxii+json;version=2.1"
FUTURE = "2099-01-01T00:00:00.000000Z"


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def basic(username: str, secret: str) -> str:
    """The header of HTTP Basic."""
    return "Basic " + b64encode(f"{username}:{secret}".encode()).decode()


@dataclass(slots=True)
class Client:
    """One kept connection to a collection; `authorization` is the header of that name."""

    port: int
    path: str
    authorization: str
    connection: http.client.HTTPConnection | None = None

    @staticmethod
    def listens(port: int) -> bool:
        """Whether somebody listens on the port."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def ask(self, what: str, body: bytes | None = None, encoding: str = "identity") -> bytes:
        """The answer's body as it came; anything but success stops the benchmark."""
        headers = {"Accept": TAXII, "Content-Type": TAXII, "Authorization": self.authorization}
        headers["Accept-Encoding"] = encoding
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        self.connection.request("GET" if body is None else "POST", self.path + what, body, headers)
        response = self.connection.getresponse()
        data = response.read()
        if response.status not in {200, 202}:
            raise AssertionError(f"{response.status} {data[:300]!r}")
        return data

    def ingest(self, envelopes: list[tuple[bytes, int]]) -> float:
        """Objects a second, all of which were taken."""
        started, number = time.perf_counter(), 0
        for body, size in envelopes:
            if orjson.loads(self.ask("objects/", body)).get("failure_count"):
                raise AssertionError("an object was refused")
            number += size
        return number / (time.perf_counter() - started)

    def median(self, what: str, times: int, encoding: str = "identity") -> float:
        """Median of several requests, in milliseconds."""
        durations = []
        for _ in range(times):
            started = time.perf_counter()
            self.ask(what, encoding=encoding)
            durations.append(time.perf_counter() - started)
        return sorted(durations)[times // 2] * 1000

    def walk(self, most: int = 1 << 60) -> tuple[float, int]:
        """Objects a second over whole pages of 1,000, parsed; and how many there were."""
        started, number = time.perf_counter(), 0
        page: dict[str, Any] = {"more": True}
        after = ""
        while page.get("more") and number < most:
            page = orjson.loads(self.ask(f"objects/?limit=1000{after}"))
            number += len(page.get("objects", ()))
            after = f"&next={page.get('next', '')}"
        return number / (time.perf_counter() - started), number
