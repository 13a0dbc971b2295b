"""The node's web process: pages over plain HTTP for a browser or proxy, the exchange over hybrid TLS for partners."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import daphne.server
import django
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server

from sild.node import memory

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")


class _Request(WebRequest):  # type: ignore[misc]  # daphne has no types
    """Daphne's request without Twisted's own reading of forms, which holds a whole upload in memory many times over."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options, parsePOSTFormSubmission=False)


class _Factory(HTTPFactory):  # type: ignore[misc]  # as above
    """Makes such requests."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 -- Twisted's name
        """The channel of a new link."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = _Request
        return protocol


# Daphne has no other way to name the factory.
daphne.server.HTTPFactory = _Factory


class NodeServer(Server):  # type: ignore[misc]  # daphne has no types
    """Daphne with the TLS facts of each request in its scope (ASGI TLS extension)."""

    def create_application(self, protocol: Any, scope: MutableMapping[str, Any]) -> Any:
        """Add the peer's certificate and the negotiated group before the application starts."""
        transport = protocol.channel.transport if hasattr(protocol, "channel") else None
        if hasattr(transport, "getPeerCertificate"):
            scope.setdefault("extensions", {})["tls"] = _tls_facts(transport)
        queue = super().create_application(protocol, scope)
        return _Spooled(queue, protocol.content) if queue is not None and hasattr(protocol, "content") else queue


class _Spooled:
    """What Daphne puts a request's body into: it stays in the file where it came in, and only places are queued.

    Daphne has a large body in a temporary file, but queues all of it at once, which would hold an upload in memory.
    """

    def __init__(self, queue: Any, content: IO[bytes]) -> None:
        self._queue, self._content = queue, content

    def put_nowait(self, message: MutableMapping[str, Any]) -> None:
        """Queue a message; of a body, where it stands in the file: it was read from there just now."""
        if message.get("body"):
            length = len(message["body"])
            message = {**message, "body": _Place(self._content, self._content.tell() - length, length)}
        self._queue.put_nowait(message)


@dataclass(frozen=True, slots=True)
class _Place:
    """A piece of a request's body."""

    content: IO[bytes]
    start: int
    length: int

    def read(self) -> bytes:
        """Its bytes."""
        self.content.seek(self.start)
        return self.content.read(self.length)


async def _message(receive: Any) -> MutableMapping[str, Any]:
    """The next message for an application, a body read where it stands; nothing can be read once the caller is gone."""
    message: MutableMapping[str, Any] = await receive()
    if not isinstance(message.get("body"), _Place):
        return message
    try:
        return {**message, "body": message["body"].read()}
    except ValueError:
        return {"type": "http.disconnect"}


def _tls_facts(transport: Any) -> dict[str, Any]:
    """`client_cert_chain` as PEM and `group`, read from the live connection."""
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate = transport.getPeerCertificate()
    chain = [certificate.to_cryptography().public_bytes(Encoding.PEM).decode()] if certificate else []
    return {"client_cert_chain": chain, "group": transport.getHandle().get_group_name()}


def application(pages: Any, exchange: Any, machines: Mapping[str, Any]) -> Any:
    """Send what came over the partners' TLS to the exchange, and everything else to the pages or to what stands beside.

    Args:
        pages: Django.
        exchange: what partners call.
        machines: applications that have an address of their own beside the pages, by the beginning of the path.
    """

    async def dispatch(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        beside = (surface for path, surface in machines.items() if scope.get("path", "").startswith(path))
        surface = exchange if "tls" in scope.get("extensions", {}) else next(beside, pages)
        await surface(scope, partial(_message, receive), send)

    return dispatch


def serve() -> None:
    """Listen on both ports until a signal ends the process."""
    memory.keep_little()
    django.setup()
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from twisted.internet import reactor

    from sild.exchange import own, wire
    from sild.node.metrics import counted
    from sild.threats import asgi, taxii
    from sild.trust.tls import RotatingContextFactory

    host, port = settings.CONFIG.address("pages")
    link_host, link_port = settings.CONFIG.address("exchange")
    factory = RotatingContextFactory(own.node_keys)

    def listen_for_partners() -> None:
        reactor.listenSSL(link_port, server.http_factory, factory, interface=link_host)

    server = NodeServer(
        application(get_asgi_application(), wire.application, {taxii.ROOT: counted(asgi.application, taxii.route)}),
        endpoints=[f"tcp:{port}:interface={host}"],
        ready_callable=listen_for_partners,
        server_name="sild",
        request_buffer_size=64 * 1024,
        verbosity=0,
    )
    server.run()


if __name__ == "__main__":
    serve()
