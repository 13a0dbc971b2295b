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

from sild.exchange import news, outgoing, own
from sild.exchange.client import ATTACHMENT_PATH, COSIGNATURE_PATH, IDENTITY_PATH, INDEX_PATH
from sild.exchange.errors import ExchangeError, HistoryError, PartnerError
from sild.exchange.partners import by_thumbprint

if TYPE_CHECKING:
    from sild.exchange.models import Partner

logger = structlog.get_logger(__name__)
MAX_REQUEST = 64 * 1024
# Seconds; below the 30 after which callers and proxies give up.
MAX_WAIT = 25.0
# A smaller answer would not gain by compression.
COMPRESS_FROM = 1024
# More digits than a database has for a size or a position mean nothing.
DECIMAL = re.compile("[0-9]{1,18}")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, bytes]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request from another node."""
    body = await _read(receive)
    if body is None:
        await _reply(send, _problem(413, "oversized", f"A request has at most {MAX_REQUEST} bytes."))
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
    except PartnerError as error:
        return _problem(403, error.code, str(error))
    except HistoryError as error:
        return _problem(409, "history", str(error))
    except ExchangeError as error:
        return _problem(422, error.code, str(error))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        return _problem(400, "request", f"The request has not the form that this node expects: {error!r}.")
    except Exception:
        logger.exception("exchange request failed", path=scope["path"])
        return _problem(500, "internal", "This node made a mistake; its log says more. Try again later.")
    finally:
        close_old_connections()


def _route(scope: Scope, body: bytes) -> Answer:
    """The addresses of the exchange."""
    match scope["method"], scope["path"]:
        case "GET", path if path == IDENTITY_PATH:
            return 200, own.node_keys().identity_document()
        case "GET", path if path == INDEX_PATH:
            return _index(_caller(scope), parse_qs(scope["query_string"].decode("ascii")))
        case "GET", path if path == ATTACHMENT_PATH:
            return _attachment(_caller(scope), parse_qs(scope["query_string"].decode("ascii")))
        case "POST", path if path == COSIGNATURE_PATH:
            return _cosignature(_caller(scope), orjson.loads(body))
    return _problem(404, "not-found", "There is nothing at this address.")


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
    page = outgoing.page(partner, after=int(query["after"][0]), have=int(query["have"][0]))
    return (204, b"") if page is None else (200, orjson.dumps(page))


def _attachment(partner: Partner, query: dict[str, list[str]]) -> Answer:
    """A file of a record that was numbered for this partner."""
    record_id = str(uuid.UUID(query["record"][0]))
    return 200, outgoing.attachment(partner, record_id, query["blob"][0])


def _cosignature(partner: Partner, body: dict[str, Any]) -> Answer:
    """Keep a witness's line."""
    outgoing.accept_cosignature(partner, int(body["size"]), str(body["line"]))
    return 204, b""


def _problem(status: int, code: str, detail: str) -> Answer:
    """A JSON problem (RFC 9457)."""
    return status, orjson.dumps({"type": f"urn:sild:problem:{code}", "status": status, "code": code, "detail": detail})


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
    status, body = answer
    kind = b"application/octet-stream" if status < HTTPStatus.BAD_REQUEST else b"application/problem+json"
    headers = [(b"content-type", kind), (b"cache-control", b"no-store")]
    if compress and len(body) >= COMPRESS_FROM:
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
