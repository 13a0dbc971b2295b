"""The only way out of the isolation, for a solution that is let out: an HTTP proxy with a list of what may be reached.

Its connections do not come over a network. A program that connects to the proxy's address has its pair of sockets (see
`notify`) handed to a thread of the node, so there is nothing in the isolation that could reach anything else. There is
no name server inside: the proxy resolves names, and connects to the very address that it has checked.
"""

from __future__ import annotations

import ipaddress
import re
import select
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sild.sandbox.engine.faults import harmless
from sild.sandbox.engine.messages import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PROXY = Address("127.0.0.1", 3128)
CONNECTIONS = 32
_HEAD_BYTES, _CHUNK, _WAIT_SECONDS, _KINDS_AT_MOST = 16 * 1024, 65536, 10.0, 200
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_REQUEST = re.compile(rb"^(?P<method>[A-Z]{1,20}) (?P<target>\S{1,4000}) HTTP/1\.[01]$")
_AUTHORITY = re.compile(r"^(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(?P<port>[0-9]{1,5})$")
_OWN_HEADERS = (b"proxy-", b"connection:", b"host:", b"keep-alive:")


@dataclass(slots=True)
class Contact:
    """What became of connections to one place."""

    connections: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0


class RefusedError(Exception):
    """The proxy does not connect; the message is the reason's code."""


def is_public(address: str) -> bool:
    """Whether an address is the public internet's, and not one that only hides another (RFC 6890, RFC 6052)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        hidden = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in _NAT64:
            hidden = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if hidden:
            return is_public(str(hidden))
    return found.is_global and not found.is_multicast and not found.is_reserved


class Egress:
    """One run's proxy."""

    def __init__(self, allowed: Iterable[str]) -> None:
        """Prepare.

        Args:
            allowed: places as `host:port`.
        """
        self.allowed = tuple(allowed)
        self._listed = {place.lower() for place in self.allowed}
        self._log: dict[tuple[str, str], Contact] = {}
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = False

    def serve(self, link: socket.socket) -> None:
        """Take over a connection from inside; one too many is closed."""
        with self._lock:
            if self._closed or len(self._open) >= CONNECTIONS:
                link.close()
                return
            self._open.add(link)
        threading.Thread(target=self._talk, args=(link,), name="sandbox-egress", daemon=True).start()

    def close(self) -> None:
        """End what is open."""
        with self._lock:
            self._closed = True
            links = list(self._open)
        for link in links:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + _WAIT_SECONDS
        while self._open and time.monotonic() < deadline:
            time.sleep(0.002)

    def as_list(self) -> list[dict[str, Any]]:
        """The log: place, outcome, and what went through."""
        with self._lock:
            return [
                {
                    "to": to,
                    "outcome": outcome,
                    "connections": contact.connections,
                    "sent_bytes": contact.sent_bytes,
                    "received_bytes": contact.received_bytes,
                }
                for (to, outcome), contact in sorted(self._log.items())
            ]

    def _talk(self, link: socket.socket) -> None:
        """One connection, from its request to its end."""
        try:
            link.settimeout(_WAIT_SECONDS)
            self._answer(link)
        except OSError:
            pass  # one of the two ends is gone, which is how connections end
        finally:
            link.close()
            with self._lock:
                self._open.discard(link)

    def _answer(self, link: socket.socket) -> None:
        """Read the request, connect or refuse, and pass bytes both ways."""
        head, rest = _head(link)
        place, first = "", b""
        try:
            place, first = _asked(head)
            with self._connect(place) as there:
                contact = self._note(place, "allowed")
                if first:
                    there.sendall(first)
                else:
                    link.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                if rest:
                    there.sendall(rest)
                contact.sent_bytes += len(first) + len(rest)
                _relay(link, there, contact)
        except RefusedError as refused:
            self._note(place, str(refused))
            link.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def _connect(self, place: str) -> socket.socket:
        """Connect to a listed place, at an address that was checked.

        Raises:
            RefusedError: it is not listed, not public, or cannot be reached.
        """
        if place not in self._listed:
            raise RefusedError("not-listed")
        host, _colon, port = place.rpartition(":")
        try:
            found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise RefusedError("not-resolved") from error
        if not all(is_public(str(one[4][0])) for one in found):
            raise RefusedError("not-public")
        for family, kind, protocol, _name, address in found:
            there = socket.socket(family, kind, protocol)
            there.settimeout(_WAIT_SECONDS)
            try:
                there.connect(address)
            except OSError:
                there.close()
            else:
                return there
        raise RefusedError("unreachable")

    def _note(self, place: str, outcome: str) -> Contact:
        """Log a connection; a program that makes up places fills no memory."""
        with self._lock:
            key = (harmless(place), outcome)
            if key not in self._log and len(self._log) >= _KINDS_AT_MOST:
                key = ("", outcome)
            contact = self._log.setdefault(key, Contact())
            contact.connections += 1
            return contact


def _head(link: socket.socket) -> tuple[bytes, bytes]:
    """The head of a request without its empty line, and what came after it.

    Raises:
        OSError: there was none.
    """
    data = b""
    while b"\r\n\r\n" not in data and len(data) < _HEAD_BYTES:
        chunk = link.recv(4096)
        if not chunk:
            raise ConnectionResetError
        data += chunk
    head, _end, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _asked(head: bytes) -> tuple[str, bytes]:
    """The place that a request is for, and for a plain request the head to send there (RFC 9112, section 3.2).

    Raises:
        RefusedError: it is no request to a proxy.
    """
    line, *headers = head.split(b"\r\n")
    found = _REQUEST.match(line)
    if found is None:
        raise RefusedError("bad-request")
    target = found["target"].decode("ascii", "replace")
    if found["method"] == b"CONNECT":
        return _authority(target), b""
    scheme, _colons, rest = target.partition("://")
    authority, slash, path = rest.partition("/")
    if scheme.lower() != "http":
        raise RefusedError("bad-request")
    place = _authority(authority if re.search(r":[0-9]+$", authority) else f"{authority}:80")
    kept = [header for header in headers if not header.lower().startswith(_OWN_HEADERS)]
    own = [b"Host: " + place.removesuffix(":80").encode(), b"Connection: close"]
    start = found["method"] + b" " + (slash + path or "/").encode() + b" HTTP/1.1"
    return place, b"\r\n".join([start, *own, *kept, b"", b""])


def _authority(text: str) -> str:
    """A place as the list has it.

    Raises:
        RefusedError: it is none.
    """
    found = _AUTHORITY.match(text)
    if found is None:
        raise RefusedError("bad-request")
    return f"{found['host'].lower()}:{int(found['port'])}"


def _relay(link: socket.socket, there: socket.socket, contact: Contact) -> None:
    """Pass bytes both ways until both directions have ended."""

    def sent(size: int) -> None:
        contact.sent_bytes += size

    def received(size: int) -> None:
        contact.received_bytes += size

    ways: dict[socket.socket, tuple[socket.socket, Callable[[int], None]]] = {
        link: (there, sent),
        there: (link, received),
    }
    while ways:
        for source in select.select(list(ways), [], [])[0]:
            target, count = ways[source]
            data = source.recv(_CHUNK)
            if data:
                target.sendall(data)
                count(len(data))
            else:
                del ways[source]
                with suppress(OSError):
                    target.shutdown(socket.SHUT_WR)
                if source is there:
                    return
