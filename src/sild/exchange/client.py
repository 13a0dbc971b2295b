"""Calling a partner over hybrid TLS 1.3: the group and the pinned key are checked before a byte is sent."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
import urllib3

from sild.exchange import own
from sild.exchange.errors import HistoryError, LinkDownError, PartnerError
from sild.exchange.partners import identity_of
from sild.trust.errors import TrustError
from sild.trust.tls import open_pool
from sild.trust.witness import origin_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from sild.exchange.models import Partner

IDENTITY_PATH = "/.well-known/sild/identity"
INDEX_PATH = "/exchange/v1/index"
COSIGNATURE_PATH = "/exchange/v1/cosignatures"
ATTACHMENT_PATH = "/exchange/v1/attachments"
HELD_PATH = "/exchange/v1/held"
WITNESS_PATH = "/witness"
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
MAX_PROBLEM = 64 * 1024
PIECE = 64 * 1024
PLACE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18})")
MAX_ANSWER = 96 * 1024 * 1024
TIMEOUT = urllib3.Timeout(connect=5, read=30)


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file on their way.

    Attributes:
        total: bytes of the whole.
        tag: what the partner calls the whole.
        pieces: the bytes from where they were asked for, perhaps not to the end.
    """

    total: int
    tag: str
    pieces: Iterator[bytes]


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
        try:
            page = orjson.loads(answer)
        except ValueError:
            page = None
        if not isinstance(page, dict):
            raise LinkDownError(f"{self._url} answered with something that is not an index.", code="answer")
        return page

    def send_cosignature(self, size: int, line: str) -> None:
        """Give the partner our witness's line for its checkpoint of that size."""
        self._call("POST", COSIGNATURE_PATH, orjson.dumps({"size": size, "line": line}))

    def add_checkpoint(self, request: str) -> tuple[int, str]:
        """Ask the partner, as our witness, to cosign (C2SP tlog-witness); returns status and body.

        Only 200 and 409 are answers; every other status is raised as an error.
        """
        status, data = self._request("POST", f"{WITNESS_PATH}/add-checkpoint", request.encode(), TEXT)
        if status not in {HTTPStatus.OK, HTTPStatus.CONFLICT}:
            self._read(status, data)
        return status, data.decode("utf-8", "replace")

    def cosigned_checkpoint(self, origin: str) -> str:
        """The last checkpoint of that log that the partner cosigned, unverified; empty when there is none."""
        status, data = self._request("GET", f"{WITNESS_PATH}/{origin_hash(origin)}/checkpoint")
        if status == HTTPStatus.NOT_FOUND:
            return ""
        return (self._read(status, data) or b"").decode("utf-8", "replace")

    def held(self, first: int) -> dict[str, Any]:
        """Records of our own, from a leaf on, that the partner has, and how far it read our index; see `recovery`."""
        answer = orjson.loads(self._call("GET", f"{HELD_PATH}?from={first}") or b"null")
        if not isinstance(answer, dict):
            raise LinkDownError(f"{self._url} answered with something that is no list of records.", code="answer")
        return answer

    @contextmanager
    def part(self, record_id: str, blob: str, start: int, tag: str) -> Iterator[Part]:
        """Bytes of a record's file from `start`, as they travel: sealed when the record's audience is narrow.

        Args:
            record_id: the record.
            blob: the file's hash.
            start: how many bytes are here already.
            tag: what the partner called these bytes when the first of them came; empty when there are none.

        Raises:
            LinkDownError: the link failed, also while the bytes are read; `changed` when the bytes are others now.
        """
        headers = {"range": f"bytes={start}-", **({"if-match": f'"{tag}"'} if tag else {})}
        path = f"{ATTACHMENT_PATH}?record={record_id}&blob={blob}"
        with self._link_errors():
            answer = self._pool.request(
                "GET", path, headers=headers, timeout=TIMEOUT, retries=False, redirect=False, preload_content=False
            )
            try:
                if answer.status != HTTPStatus.PARTIAL_CONTENT:
                    self._read(answer.status, answer.read(MAX_PROBLEM))
                yield _part(self._url, answer.headers, start, answer.stream(PIECE, decode_content=False))
                answer.release_conn()
            except BaseException:
                # What was not read to its end cannot be used for the next request.
                answer.close()
                raise

    @contextmanager
    def _link_errors(self) -> Iterator[None]:
        """Whatever goes wrong with the link is one kind of error."""
        try:
            yield
        except (urllib3.exceptions.HTTPError, TrustError, OSError, ValueError) as error:
            raise LinkDownError(
                f"{self._url} cannot be reached: {error}", code=getattr(error, "code", "link")
            ) from error

    def _call(self, method: str, path: str, body: bytes | None = None) -> bytes | None:
        """One request; None for 204."""
        return self._read(*self._request(method, path, body, JSON))

    def _request(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        """One request; status and body."""
        with self._link_errors():
            answer = self._pool.request(
                method,
                path,
                body=body,
                headers={"accept-encoding": "gzip", **({"content-type": kind} if body else {})},
                timeout=TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            # Decoded piece by piece: what unfolds without end is cut off as soon as it is too long.
            data = answer.read(MAX_ANSWER + 1, decode_content=True)
            answer.release_conn()
        if len(data) > MAX_ANSWER:
            raise LinkDownError(f"{self._url} answered with more than {MAX_ANSWER} bytes.", code="oversized")
        return answer.status, data

    def _read(self, status: int, data: bytes) -> bytes | None:
        """The answer's body; None for 204; a problem is raised as the error that it names."""
        if status >= HTTPStatus.BAD_REQUEST:
            _raise(self._url, status, data)
        return None if status == HTTPStatus.NO_CONTENT else data


def _part(url: str, headers: Mapping[str, str], start: int, pieces: Iterator[bytes]) -> Part:
    """Read where a part belongs (RFC 9110 section 14.4) and what its bytes are called."""
    place = PLACE.fullmatch(headers.get("content-range", ""))
    if place is None or int(place[1] or 0) != start or headers.get("content-encoding"):
        raise LinkDownError(f"{url} answered with another part of the file than was asked for.", code="answer")
    return Part(int(place[2]), headers.get("etag", "").strip('"'), pieces)


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
