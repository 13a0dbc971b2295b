"""Calling a partner over hybrid TLS 1.3: the group and the pinned key are checked before a byte is sent."""

from __future__ import annotations

from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
import urllib3

from sild.exchange import own
from sild.exchange.errors import HistoryError, LinkDownError, PartnerError
from sild.exchange.partners import identity_of
from sild.trust.errors import TrustError
from sild.trust.tls import open_pool

if TYPE_CHECKING:
    from types import TracebackType

    from sild.exchange.models import Partner

IDENTITY_PATH = "/.well-known/sild/identity"
INDEX_PATH = "/exchange/v1/index"
COSIGNATURE_PATH = "/exchange/v1/cosignatures"
ATTACHMENT_PATH = "/exchange/v1/attachments"
MAX_ANSWER = 96 * 1024 * 1024
TIMEOUT = urllib3.Timeout(connect=5, read=30)


class Client(AbstractContextManager["Client"]):
    """One kept-open connection to a node.

    Args:
        url: `https://host:port` of the node's exchange.
        expected: SHA-256 thumbprints of the TLS keys that may answer; None only to ask a stranger for its identity.
    """

    def __init__(self, url: str, expected: frozenset[str] | None) -> None:
        self._pool = open_pool(url, own.node_keys(), expected)
        self._url = url
        self._expected = expected
        self._is_open = True

    @classmethod
    def to(cls, partner: Partner) -> Client:
        """A client that accepts only this partner's pinned key."""
        return cls(partner.url, identity_of(partner).tls_thumbprints)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._is_open = False
        self._pool.close()

    def leads_to(self, partner: Partner) -> bool:
        """Whether this is still a link to where the partner is now, and to the keys that it has now."""
        return self._is_open and (self._url, self._expected) == (partner.url, identity_of(partner).tls_thumbprints)

    def identity(self) -> bytes:
        """The node's identity document, not yet verified."""
        return self._call("GET", IDENTITY_PATH) or b""

    def index(self, *, after: int, have: int, urgent: int = 0, wait: int = 0) -> dict[str, Any] | None:
        """The next page of what the partner numbers for us, urgent entries first; None when there is nothing new.

        Args:
            after: the last ordinary entry that we imported.
            have: leaves of the partner's log that we verified.
            urgent: the last urgent entry that we imported.
            wait: seconds that the partner may wait for news before it answers, 25 at most.
        """
        waiting = (f"&urgent={urgent}" if urgent else "") + (f"&wait={wait}" if wait else "")
        answer = self._call("GET", f"{INDEX_PATH}?after={after}&have={have}{waiting}")
        if answer is None:
            return None
        page = orjson.loads(answer)
        if not isinstance(page, dict):
            raise LinkDownError(f"{self._url} answered with something that is not an index.", code="answer")
        return page

    def send_cosignature(self, size: int, line: str) -> None:
        """Give the partner our witness's line for its checkpoint of that size."""
        self._call("POST", COSIGNATURE_PATH, orjson.dumps({"size": size, "line": line}))

    def attachment(self, record_id: str, blob: str) -> bytes:
        """The bytes of a record's file, as they travel: sealed when the record's audience is narrow."""
        return self._call("GET", f"{ATTACHMENT_PATH}?record={record_id}&blob={blob}") or b""

    def _call(self, method: str, path: str, body: bytes | None = None) -> bytes | None:
        """One request; None for 204."""
        try:
            answer = self._pool.request(
                method,
                path,
                body=body,
                headers={"accept-encoding": "gzip", **({"content-type": "application/json"} if body else {})},
                timeout=TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            # Decoded piece by piece: what unfolds without end is cut off as soon as it is too long.
            data = answer.read(MAX_ANSWER + 1, decode_content=True)
            answer.release_conn()
        except (urllib3.exceptions.HTTPError, TrustError, OSError, ValueError) as error:
            raise LinkDownError(
                f"{self._url} cannot be reached: {error}", code=getattr(error, "code", "link")
            ) from error
        if len(data) > MAX_ANSWER:
            raise LinkDownError(f"{self._url} answered with more than {MAX_ANSWER} bytes.", code="oversized")
        return self._read(answer.status, data)

    def _read(self, status: int, data: bytes) -> bytes | None:
        """The answer's body; None for 204; a problem is raised as the error that it names."""
        if status >= HTTPStatus.BAD_REQUEST:
            _raise(self._url, status, data)
        return None if status == HTTPStatus.NO_CONTENT else data


def _raise(url: str, status: int, data: bytes) -> None:
    """Turn a JSON problem (RFC 9457) from the partner into the matching error."""
    try:
        problem = orjson.loads(data)
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "link", f"status {status}"
    if code == "history":
        raise HistoryError(f"{url}: {detail}", code="log-shrank")
    if code in {"partner", "not-pinned"}:
        raise PartnerError(f"{url} refuses us: {detail}", code=code)
    raise LinkDownError(f"{url}: {detail}", code=code)
