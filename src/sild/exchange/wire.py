"""The machine surface that partners call: a small ASGI application of its own, apart from the pages.

It knows nothing of cookies, sessions or forms. Who calls is decided by the TLS key with which the link was made
(ASGI TLS extension), which must belong to a pinned partner.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
import structlog
from asgiref.sync import sync_to_async
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import close_old_connections

from sild.exchange import guard, log_wire, news, outgoing, own
from sild.exchange.answers import BYTES, FOR_NOW, Answer, problem
from sild.exchange.client import ATTACHMENT_PATH, COSIGNATURE_PATH, IDENTITY_PATH, INDEX_PATH
from sild.exchange.errors import ExchangeError, HistoryError, LogHeldError, PartnerError
from sild.exchange.partners import by_thumbprint

if TYPE_CHECKING:
    from sild.exchange.models import Partner

logger = structlog.get_logger(__name__)
MAX_REQUEST = 64 * 1024
# Seconds; below the 30 after which callers and proxies give up.
MAX_WAIT = 25.0
# Bytes of a file in one answer: an answer is in memory until it has been sent.
MAX_PART = 4 * 1024 * 1024
RANGE = re.compile(r"bytes=(\d{1,18})-")
# A smaller answer would not gain by compression.
COMPRESS_FROM = 1024
# More digits than a database has for a size or a position mean nothing.
DECIMAL = re.compile("[0-9]{1,18}")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request from another node."""
    body = await _read(receive)
    if body is None:
        await _reply(send, problem(413, "oversized", f"A request has at most {MAX_REQUEST} bytes."))
        return
    answer = await sync_to_async(_answer, thread_sensitive=False)(scope, body)
    have, seconds = _patience(scope)
    if answer[0] == HTTPStatus.NO_CONTENT and seconds and await news.come(have, seconds):
        answer = await sync_to_async(_answer, thread_sensitive=False)(scope, body)
    await _reply(send, answer, compress=_takes_gzip(scope))


def _patience(scope: Scope) -> tuple[int, float]:
    """Beyond which size of our log a request for the index waits for news, and for how many seconds."""
    if (scope["method"], scope["path"]) != ("GET", INDEX_PATH):
        return 0, 0.0
    query = parse_qs(scope["query_string"].decode("ascii", "replace"))
    wait, have = (query.get(name, ["0"])[0] for name in ("wait", "have"))
    if not (DECIMAL.fullmatch(wait) and DECIMAL.fullmatch(have)):
        return 0, 0.0
    return int(have), min(float(wait), MAX_WAIT)


def _takes_gzip(scope: Scope) -> bool:
    """Whether the caller can read a compressed answer (RFC 9110 section 12.5.3)."""
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope.get("headers", ()))


def _answer(scope: Scope, body: bytes) -> Answer:
    """Decide who asks, route, and turn each error into a JSON problem."""
    close_old_connections()
    try:
        return _route(scope, body)
    except ExchangeError as error:
        return _refused(error)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        return problem(400, "request", f"The request has not the form that this node expects: {error!r}.")
    except Exception:
        logger.exception("exchange request failed", path=scope["path"])
        return problem(500, "internal", "This node made a mistake; its log says more. Try again later.")
    finally:
        close_old_connections()


def _route(scope: Scope, body: bytes) -> Answer:
    """The addresses of the exchange."""
    query = scope["query_string"].decode("ascii")
    of_log = log_wire.answer(scope["method"], scope["path"], query, body, lambda: _caller(scope))
    if of_log is not None:
        return of_log
    match scope["method"], scope["path"]:
        case "GET", path if path == IDENTITY_PATH:
            return 200, own.node_keys().identity_document(), "application/jwk-set+json", FOR_NOW
        case "GET", path if path == INDEX_PATH:
            return _index(_caller(scope), parse_qs(query))
        case "GET", path if path == ATTACHMENT_PATH:
            return _attachment(_caller(scope), parse_qs(query), _headers(scope))
        case "POST", path if path == COSIGNATURE_PATH:
            return _cosignature(_caller(scope), orjson.loads(body))
    return problem(404, "not-found", "There is nothing at this address.")


def _refused(error: ExchangeError) -> Answer:
    """An error of ours as a problem; a partner that saw more of our log than there is makes us ask all of them."""
    if isinstance(error, HistoryError):
        guard.doubt()
        return problem(409, "history", str(error))
    status = {PartnerError: 403, LogHeldError: 503}.get(type(error), 422)
    return problem(status, error.code, str(error))


def _caller(scope: Scope) -> Partner:
    """The pinned partner at the other end of the link."""
    chain = scope["extensions"]["tls"]["client_cert_chain"]
    certificate = x509.load_pem_x509_certificate(chain[0].encode())
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    partner = by_thumbprint(hashlib.sha256(spki).hexdigest())
    if partner is None:
        raise PartnerError(
            "Your key is not pinned at this node: its people must compare fingerprints first.",
            code="not-pinned",
        )
    return partner


def _index(partner: Partner, query: dict[str, list[str]]) -> Answer:
    """The next page for this partner, or 204."""
    page = outgoing.page(
        partner,
        after=int(query["after"][0]),
        have=int(query["have"][0]),
        urgent=int(query.get("urgent", ["0"])[0]),
    )
    return (204, b"") if page is None else (200, orjson.dumps(page))


def _attachment(partner: Partner, query: dict[str, list[str]], headers: dict[str, str]) -> Answer:
    """A part of a file of a record that was numbered for this partner (RFC 9110 section 14).

    A part is shorter than what was asked for when that is long: section 15.3.7 has the caller look at what came.
    """
    record_id = str(uuid.UUID(query["record"][0]))
    file = outgoing.attachment(partner, record_id, query["blob"][0])
    tag = f'"{file.tag}"'
    if headers.get("if-match", tag) != tag:
        return problem(412, "changed", "The bytes of this file are others now: begin anew.")
    wanted = RANGE.fullmatch(headers.get("range", "bytes=0-"))
    start = int(wanted[1]) if wanted else 0
    if wanted is None or (start >= file.total and file.total):
        return problem(416, "range", "Ask for a range that begins within the file: bytes=START-")
    data = file.read(start, MAX_PART)
    place = f"bytes {start}-{start + len(data) - 1}/{file.total}" if data else f"bytes */{file.total}"
    return 206, data, BYTES, "no-store", [(b"etag", tag.encode()), (b"content-range", place.encode())]


def _headers(scope: Scope) -> dict[str, str]:
    """The request's headers."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}


def _cosignature(partner: Partner, body: dict[str, Any]) -> Answer:
    """Keep a witness's line."""
    outgoing.accept_cosignature(partner, int(body["size"]), str(body["line"]))
    return 204, b""


async def _read(receive: Receive) -> bytes | None:
    """The request's body; None when it is longer than allowed."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MAX_REQUEST:
            return None
        if not message.get("more_body", False):
            return body


async def _reply(send: Send, answer: Answer, *, compress: bool = False) -> None:
    """Send status and body."""
    status, body = answer[0], answer[1]
    usual = BYTES if status < HTTPStatus.BAD_REQUEST else "application/problem+json"
    kind, kept = (usual, "no-store") if len(answer) == 2 else (answer[2], answer[3])  # noqa: PLR2004
    extra = answer[4] if len(answer) == 5 else []  # noqa: PLR2004 -- headers of its own come last
    headers = [(b"content-type", kind.encode()), (b"cache-control", kept.encode()), *extra]
    if compress and not extra and len(body) >= COMPRESS_FROM:
        body = await sync_to_async(gzip.compress, thread_sensitive=False)(body, 1)
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": headers if status != HTTPStatus.NO_CONTENT else headers[1:2],
        }
    )
    await send({"type": "http.response.body", "body": body})
