"""The TAXII server as a small ASGI application of its own: it knows nothing of cookies, sessions or pages.

Pages need a dozen layers around a view; a poller that asks every second whether there is news needs none of them.
"""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.db import DatabaseError, connection
from django.db.backends.signals import connection_created

from sild.threats.packing import GZIP, PACK_FROM, Packer
from sild.threats.taxii import MAX_CONTENT_LENGTH, Answer, Request, answer
from sild.threats.taxii_query import MEDIA_TYPE

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

logger = structlog.get_logger(__name__)
# More threads than this only wait for Python's lock. Writers have one of their own: the store takes one at a time
# anyway, and so none holds up those who read.
READERS = 3
READER = "taxii-reader"
# Each thread keeps a database connection with a cache. Who reads pages one after another hardly comes to one twice.
READER_KIBIBYTES = 4000
_packer = Packer()
_readers = ThreadPoolExecutor(READERS, thread_name_prefix=READER)
_writer = ThreadPoolExecutor(1, thread_name_prefix="taxii-writer")


def _cache_little(**about: Any) -> None:
    """Give the connection of a thread that reads a small cache."""
    if threading.current_thread().name.startswith(READER) and about["connection"].vendor == "sqlite":
        with about["connection"].cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size=-{READER_KIBIBYTES}")


connection_created.connect(_cache_little)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
    body = await _read(receive)
    loop = asyncio.get_running_loop()
    gzipped = "gzip" in headers.get("accept-encoding", "")
    threads = _readers if scope["method"] in {"GET", "HEAD"} else _writer
    got, data = await loop.run_in_executor(threads, _respond, scope, headers, body, gzipped)
    sent = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **got.headers}
    sent |= {"Content-Length": str(len(data)), "Vary": "Accept-Encoding"}
    if data is not got.body:
        sent["Content-Encoding"] = "gzip"
    named = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": got.status, "headers": named})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else data})
    if got.afterwards is not None:
        await loop.run_in_executor(_readers, _afterwards, got.afterwards)


def _respond(scope: Scope, headers: dict[str, str], body: bytes | None, gzipped: bool) -> tuple[Answer, bytes]:  # noqa: FBT001 -- from the executor's positional call
    """In a thread: the answer, and its bytes as they go out."""
    connection.health_check_done = False  # type: ignore[attr-defined]  # Django's own, unknown to the stubs
    connection.close_if_health_check_failed()
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    plain = _plain(body, headers.get("content-encoding", ""))
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    got = answer(Request(method, scope["path"], query, headers, plain))
    return got, _packer.pack(got.body) if gzipped and len(got.body) >= PACK_FROM else got.body


def _afterwards(work: Callable[[], None]) -> None:
    """In a thread: what can be done when the answer was sent; nobody waits for it."""
    try:
        work()
    except DatabaseError:
        logger.warning("reading ahead failed", exc_info=True)
        connection.close()


def _plain(body: bytes | None, encoding: str) -> bytes | None:
    """The body without compression; None when it would be longer than allowed."""
    if body is None or encoding.strip().lower() != "gzip":
        return body
    unpacker = zlib.decompressobj(GZIP)
    try:
        plain = unpacker.decompress(body, MAX_CONTENT_LENGTH)
    except zlib.error:
        return b""
    return None if unpacker.unconsumed_tail else plain


async def _read(receive: Receive) -> bytes | None:
    """The request's body; None when it is longer than allowed."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = bytes(message.get("body", b""))
        size += len(part)
        if size <= MAX_CONTENT_LENGTH:
            parts.append(part)
        else:
            parts.clear()
        if not message.get("more_body", False):
            return b"".join(parts) if size <= MAX_CONTENT_LENGTH else None
