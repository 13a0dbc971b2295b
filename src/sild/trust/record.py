"""The canonical form of a record: RFC 8785 JSON whose RFC 6962 leaf hash is the record's hash."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sild.trust.encoding import canonical, parse_canonical
from sild.trust.errors import RecordError
from sild.trust.tree import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RECORD = 8 * 1024 * 1024
MAX_SUBJECT = 300
MAX_ATTACHMENTS = 64
MAX_KIND = 80
MAX_MEDIA_TYPE = 100
MAX_VERSION = 2**31 - 1
MIN_SALT = 22  # 128 bits in base64url
HASH = re.compile(r"sha256:[0-9a-f]{64}")
KIND = re.compile(r"[a-z][a-z0-9]*(?:\.[a-z][a-z0-9-]*)+")
NODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
TLP = frozenset({"RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR"})
# The one spelling of U+0000 in canonical JSON, which PostgreSQL's texts cannot hold; not a backslash before “u0000”.
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
SALT = re.compile(r"[A-Za-z0-9_-]+")
MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Reference:
    """Another record, named by id and hash."""

    id: str
    hash: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a record and travels beside it.

    Attributes:
        hash: `sha256:` and the SHA-256 of its bytes in hex.
        size: in bytes.
        type: its media type.
        name: a file name to show, never a path to write to.
    """

    hash: str
    size: int
    type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the issuer says about a record; see DESIGN, “One idea”.

    Attributes:
        id: UUIDv7.
        kind: `module.noun`.
        version: 1 for a first version; counts up when a record replaces another.
        suite: the suite under which it was signed.
        issuer: node id.
        subject: what it is about, 1 to 300 characters.
        issued: UTC time to the second, `2026-11-25T16:00:00Z`.
        tlp: TLP 2.0 marking.
        audience: node ids, "partners" or "public".
        salt: at least 128 random bits in base64url, so that a leaf cannot be guessed.
        replaces, withdraws, answers: an earlier record.
        urgent: it overtakes what is not; absent from the JSON when it is not.
        attachments: files that belong to it.
    """

    id: str
    kind: str
    version: int
    suite: str
    issuer: str
    subject: str
    issued: str
    tlp: str
    audience: str | list[str]
    salt: str
    replaces: Reference | None = None
    withdraws: Reference | None = None
    answers: Reference | None = None
    urgent: bool = False
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A record whose form was checked.

    Attributes:
        header, body: what it says.
        raw: its canonical bytes.
        hash: `sha256:` and the RFC 6962 leaf hash of the bytes in hex.
    """

    header: Header
    body: dict[str, Any]
    raw: bytes
    hash: str


def uuid7() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits."""
    import secrets

    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62
    return uuid.UUID(int=value | secrets.randbits(62))


def build_record(header: Header, body: dict[str, Any]) -> bytes:
    """The canonical bytes of a record; errors as in `compose_record`."""
    return compose_record(header, body).raw


def compose_record(header: Header, body: dict[str, Any]) -> Parsed:
    """A record with its canonical bytes and hash, as `parse_record` would read it back.

    Raises:
        RecordError: a part of the header, or the body, cannot be in a record; the sentence says which.
    """
    try:
        raw = canonical({"header": _plain(header), "body": body})
    except ValueError as error:
        raise RecordError(f"The record has no canonical form: {error}.", code="canonical") from error
    _check_bytes(raw)
    if not isinstance(body, dict):
        raise RecordError("A record's body is an object.", code="header")
    return Parsed(_checked(lambda: header), body, raw, f"sha256:{leaf_hash(raw).hex()}")


def parse_record(raw: bytes) -> Parsed:
    """Read a record's bytes and check all that can be checked without knowing its kind.

    Raises:
        RecordError: code `oversized`, `canonical` or `header`.
    """
    _check_bytes(raw)
    try:
        content = parse_canonical(raw)
    except ValueError as error:
        raise RecordError(f"The record is not canonical JSON: {error}.", code="canonical") from error
    if not isinstance(content, dict) or set(content) != {"header", "body"} or not isinstance(content["body"], dict):
        raise RecordError("A record is an object with “header” and “body”.", code="header")
    header = _checked(lambda: _read_header(content["header"]))
    return Parsed(header, content["body"], raw, f"sha256:{leaf_hash(raw).hex()}")


def _check_bytes(raw: bytes) -> None:
    """Refuse more bytes than a record may have, and characters that not every database keeps."""
    if len(raw) > MAX_RECORD:
        raise RecordError(f"A record has at most {MAX_RECORD} bytes; this one has {len(raw)}.", code="oversized")
    if b"\\u0000" in raw and NUL.search(raw):
        raise RecordError("A record has no NUL characters: not every database can keep them.", code="nul")


def _checked(read: Callable[[], Header]) -> Header:
    """The header, once every rule about it holds."""
    try:
        header = read()
        _check(header)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"The record's header is not valid: {error}.", code="header") from error
    return header


def _plain(header: Header) -> dict[str, Any]:
    """The header as JSON; members that are absent are left out."""
    plain: dict[str, Any] = {}
    for name in (field.name for field in fields(header)):
        value = getattr(header, name)
        if isinstance(value, Reference):
            value = {"id": value.id, "hash": value.hash}
        elif name == "attachments":
            value = [{"hash": one.hash, "size": one.size, "type": one.type, "name": one.name} for one in value]
        if value is not None and value is not False and value != []:
            plain[name] = value
    return plain


def _read_header(plain: dict[str, Any]) -> Header:
    """The header from JSON; unknown members are an error."""
    values = dict(plain)
    for name in ("replaces", "withdraws", "answers"):
        if name in values:
            values[name] = Reference(**values[name])
    values["attachments"] = tuple(Attachment(**one) for one in values.get("attachments", []))
    _require(values.get("urgent", True) is True, "urgent is there and not true")
    return Header(**values)


def _check(header: Header) -> None:
    """Every rule about single members, each with its own sentence."""
    _require(bool(UUID7.fullmatch(header.id)), "id is no UUIDv7")
    _require(len(header.kind) <= MAX_KIND and bool(KIND.fullmatch(header.kind)), "kind is not of the form module.noun")
    _require(type(header.version) is int and 1 <= header.version <= MAX_VERSION, "version is no number from 1 up")
    _require(bool(header.suite) and isinstance(header.suite, str), "suite is missing")
    _require(bool(NODE.fullmatch(header.issuer)), "issuer is no node id")
    _require(len(header.subject.strip()) > 0 and len(header.subject) <= MAX_SUBJECT, "subject has 1 to 300 characters")
    _require(_is_time(header.issued), "issued is not of the form 2026-11-25T16:00:00Z")
    _require(header.tlp in TLP, "tlp is no TLP 2.0 marking")
    _require(_is_audience(header.audience), "audience is neither a sorted list of node ids, “partners” nor “public”")
    _require(len(header.salt) >= MIN_SALT and bool(SALT.fullmatch(header.salt)), "salt has fewer than 128 bits")
    for reference in (header.replaces, header.withdraws, header.answers):
        if reference is not None:
            _require(bool(HASH.fullmatch(reference.hash)), "a reference's hash is not sha256: and 64 hex digits")
            uuid.UUID(reference.id)
    _require(type(header.urgent) is bool, "urgent is neither true nor false")
    _require(len(header.attachments) <= MAX_ATTACHMENTS, f"more than {MAX_ATTACHMENTS} attachments")
    hashes = {attachment.hash for attachment in header.attachments}
    _require(len(hashes) == len(header.attachments), "an attachment is named twice")
    for attachment in header.attachments:
        _check_attachment(attachment)


def _check_attachment(attachment: Attachment) -> None:
    """The rules about an attachment."""
    _require(bool(HASH.fullmatch(attachment.hash)), "an attachment's hash is not sha256: and 64 hex digits")
    _require(type(attachment.size) is int and attachment.size >= 0, "an attachment's size is no number of bytes")
    is_media_type = len(attachment.type) <= MAX_MEDIA_TYPE and bool(MEDIA_TYPE.fullmatch(attachment.type))
    _require(is_media_type, "an attachment's type is no media type")
    _require(0 < len(attachment.name) <= MAX_SUBJECT and "/" not in attachment.name, "an attachment's name is a path")


def _is_time(text: str) -> bool:
    """Tell whether the text is UTC time to the second in its one spelling; ValueError when there is no such day."""
    return bool(TIME.fullmatch(text)) and datetime.fromisoformat(text).tzinfo is not None


def _is_audience(audience: str | list[str]) -> bool:
    """Tell whether the audience has its one spelling."""
    if isinstance(audience, str):
        return audience in {"partners", "public"}
    return audience == sorted(set(audience)) and bool(audience) and all(NODE.fullmatch(node) for node in audience)


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 -- reads as an assertion
    """Raise ValueError with the sentence unless it holds."""
    if not holds:
        raise ValueError(otherwise)
