"""Asks another TAXII 2.1 server for pages of a collection; what it answers is checked before anybody relies on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from django.utils.translation import gettext as _

from sild.threats.errors import FeedError
from sild.threats.taxii_query import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 64 * 1024 * 1024
SECONDS = 60.0
_HTTP_BAD_REQUEST, _HTTP_OK = 400, 200
_pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=10.0, read=SECONDS))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of another server.

    Attributes:
        objects: as they came, parsed.
        next: what to ask for the page after it with; empty at the end.
        last: when the last of them was added there; empty when the server does not say.
    """

    objects: list[Any]
    next: str
    last: str


class RefusedPageError(FeedError):
    """The server answered with an error.

    Attributes:
        status: of HTTP.
        retry_after: seconds to wait that it asked for; 0 for none.
    """

    code = "feed-refused"

    def __init__(self, message: str, status: int, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status, self.retry_after = status, retry_after


def page(url: str, *, username: str, secret: str, added_after: str = "", next_: str = "", limit: int = 1000) -> Page:
    """One page of the collection at `url`, in all versions, oldest first (TAXII 2.1, sections 3.5 and 5.4).

    Raises:
        FeedError: the server cannot be reached, or what it sent is no envelope.
        RefusedPageError: it answered with an error.
    """
    asked = {"limit": str(limit), "match[version]": "all", "added_after": added_after, "next": next_}
    query = urlencode({name: value for name, value in asked.items() if value})
    address = f"{url.rstrip('/')}/objects/?{query}"
    host = urlsplit(url).netloc
    try:
        response = _pool.request(
            "GET", address, headers=_headers(username, secret), preload_content=False, redirect=False
        )
        body = _read(response, host)
    except urllib3.exceptions.HTTPError as error:
        raise FeedError(_("%(host)s cannot be reached: %(why)s.") % {"host": host, "why": error}) from error
    if response.status != _HTTP_OK:
        raise RefusedPageError(_refusal(host, response.status, body), response.status, _retry_after(response.headers))
    return _parsed(host, body, response.headers)


def _headers(username: str, secret: str) -> dict[str, str]:
    """HTTP Basic with a user name, a bearer token without one, nothing without a secret."""
    headers = {"Accept": MEDIA_TYPE, "Accept-Encoding": "gzip", "User-Agent": "sild"}
    if username:
        headers |= urllib3.make_headers(basic_auth=f"{username}:{secret}")
    elif secret:
        headers["Authorization"] = f"Bearer {secret}"
    return headers


def _read(response: urllib3.BaseHTTPResponse, host: str) -> bytes:
    """The body, unpacked, up to a bound."""
    try:
        body = response.read(MOST_BYTES + 1, decode_content=True)
        if len(body) > MOST_BYTES:
            sentence = _("%(host)s sent a page of more than %(most)d bytes.")
            raise FeedError(sentence % {"host": host, "most": MOST_BYTES})
        return body
    finally:
        response.release_conn()


def _parsed(host: str, body: bytes, headers: Mapping[str, str]) -> Page:
    """An envelope (section 3.7)."""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FeedError(_("%(host)s sent no JSON: %(why)s.") % {"host": host, "why": error}) from error
    objects = envelope.get("objects", []) if isinstance(envelope, dict) else None
    if not isinstance(objects, list):
        raise FeedError(_("%(host)s sent no TAXII envelope.") % {"host": host})
    more = envelope.get("more") is True and isinstance(envelope.get("next"), str)
    return Page(objects, envelope["next"] if more else "", headers.get("X-TAXII-Date-Added-Last", ""))


def _refusal(host: str, status: int, body: bytes) -> str:
    """What an error says, in one sentence."""
    try:
        said = orjson.loads(body)
        why = str(said.get("description") or said.get("title") or "")
    except (orjson.JSONDecodeError, AttributeError):
        why = ""
    return _("%(host)s answered %(status)d. %(why)s") % {"host": host, "status": status, "why": why[:300]}


def _retry_after(headers: Mapping[str, str]) -> int:
    """Seconds that a server asks to wait (RFC 9110, section 10.2.3); a date counts as none."""
    value = headers.get("Retry-After", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else 0  # noqa: PLR2004 -- about a day
