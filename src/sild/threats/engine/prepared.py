"""One object made ready for keeping: its canonical bytes and all that look-ups need, before any lock is taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from sild.threats.engine import markings, patterns
from sild.threats.engine.schema import OBSERVABLES
from sild.threats.engine.validate import stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUE, NAME, EXTERNAL = 1, 2, 3
MOST_TERM = 400
MOST_NAME = 300
MOST_TEXT = 20_000
_NO_TEXT = frozenset(
    {"type", "id", "spec_version", "created", "modified", "lang", "pattern_type", "pattern_version", "payload_bin"}
)
_VALUES = ("value", "path", "key", "command_line", "account_login", "user_id", "serial_number", "url")
_UNLISTED = frozenset({"created_by_ref", "object_marking_refs", "granular_markings"})


@dataclass(slots=True)
class Prepared:
    """A valid object.

    Attributes:
        index: its place in what was sent.
        stamp: its version in microseconds since 1970; None for what has no versions.
        digest: SHA-256 of `raw`.
        raw: JSON with sorted keys.
        markings: ids of its marking definitions.
        own_level: the TLP level that a marking definition gives to others; None for other objects.
        edges: (source id, target id, label).
        terms: (value in lower case, kind).
        text: what people search for words in.
    """

    index: int
    stix_id: str
    kind: str
    stamp: int | None
    digest: bytes
    raw: bytes
    spec_version: str
    markings: set[str]
    own_level: int | None
    is_revoked: bool
    confidence: int | None
    name: str
    edges: list[tuple[str, str, str]]
    terms: set[tuple[str, int]]
    text: str


def prepare(index: int, item: dict[str, Any]) -> Prepared:
    """Make a valid object ready.

    Raises:
        ValueError: it has no JSON form, as with integers beyond 64 bits.
    """
    try:
        raw = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise ValueError(str(error)) from error
    kind: str = item["type"]
    observable = kind in OBSERVABLES
    name = (
        item.get("name") or item.get("value") or item.get("abstract") or item.get("product") or item.get("path") or ""
    )
    return Prepared(
        index=index,
        stix_id=item["id"],
        kind=kind,
        stamp=stamp_of(item),
        digest=hashlib.sha256(raw).digest(),
        raw=raw,
        spec_version=item.get("spec_version") or ("2.1" if observable else "2.0"),
        markings=markings.markings_of(item),
        own_level=markings.level_of_definition(item) if kind == "marking-definition" else None,
        is_revoked=item.get("revoked") is True,
        confidence=item.get("confidence"),
        name=str(name).replace("\0", " ")[:MOST_NAME],
        edges=list(edges_of(item)),
        terms={(term(value), kind_) for value, kind_ in _terms(item) if value},
        text=text_of(item),
    )


def term(value: str) -> str:
    """A value as it is kept and looked for; PostgreSQL has no text with NUL in it."""
    return value.strip().lower().replace("\0", " ")[:MOST_TERM]


def edges_of(item: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What the object connects: a relationship its two ends, everything else itself with what it refers to."""
    own = item["id"]
    if item["type"] == "relationship":
        yield item["source_ref"], item["target_ref"], item["relationship_type"]
        return
    for name, value in item.items():
        if name in _UNLISTED or "_ref" not in name:
            continue
        if name.endswith("_ref") and isinstance(value, str):
            yield own, value, name
        elif name.endswith("_refs") and isinstance(value, list):
            yield from ((own, one, name) for one in dict.fromkeys(value) if isinstance(one, str))


def _terms(item: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """By what exact values the object is found."""
    if item["type"] == "indicator" and isinstance(item.get("pattern"), str):
        yield from ((value, VALUE) for value in patterns.literals(item["pattern"][: patterns.MOST_CHARACTERS]))
    if item["type"] in OBSERVABLES:
        yield from ((item[name], VALUE) for name in _VALUES if isinstance(item.get(name), str))
    hashes = item.get("hashes")
    if isinstance(hashes, dict):
        yield from ((value, VALUE) for value in hashes.values() if isinstance(value, str))
    if item["type"] == "autonomous-system":
        yield f"AS{item['number']}", VALUE
    if isinstance(item.get("name"), str):
        yield item["name"], NAME
    for name in ("aliases", "x_mitre_aliases"):
        if isinstance(item.get(name), list):
            yield from ((value, NAME) for value in item[name] if isinstance(value, str))
    for reference in item.get("external_references", ()):
        if isinstance(reference.get("external_id"), str):
            yield reference["external_id"], EXTERNAL


def text_of(item: dict[str, Any]) -> str:
    """The object's words, and a word for its type, so that a search for both is one look-up."""
    parts = [type_word(item["type"])]
    for name, value in item.items():
        if name in _NO_TEXT or "_ref" in name:
            continue
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, list):
            parts += [one for one in value if isinstance(one, str)]
    parts += [str(one["external_id"]) for one in item.get("external_references", ()) if "external_id" in one]
    return "\n".join(parts)[:MOST_TEXT]


def type_word(kind: str) -> str:
    """The word that stands for a type among the words of an object; no text has it by chance."""
    return "zztype" + kind.replace("-", "0")
