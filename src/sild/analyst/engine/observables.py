"""Indicators as STIX 2.1 cyber-observable objects, with the deterministic ids of section 2.9, and as patterns."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .indicators import Indicator

# STIX 2.1 section 2.9: the namespace of deterministic identifiers.
NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
# What says something about the reader's own network, or about none, or what warning lists or the text call harmless.
_KEPT_BACK = frozenset({"private", "loopback", "reserved", "system", "known", "victim", "benign"})


def observables(indicator: Indicator) -> list[dict[str, Any]]:
    """The objects that stand for an indicator, the main one last; none for kinds that STIX observables do not have.

    Private, loopback and reserved addresses and Windows' own files give none: they tell more about a victim than about
    an attacker.
    """
    if indicator.scope in _KEPT_BACK:
        return []
    make = _MAKERS.get(indicator.kind)
    return make(indicator.value) if make else []


def pattern(observable: dict[str, Any]) -> str | None:
    """The STIX pattern (section 9) that matches an observable; None where matching it alone would say nothing."""
    kind = observable["type"]
    if kind == "file" and "hashes" in observable:
        (name, value), *_ = observable["hashes"].items()
        return f"[file:hashes.'{name}' = {_quoted(value)}]"
    if kind == "file" and "parent_directory_ref" not in observable:
        return f"[file:name = {_quoted(observable['name'])}]"
    if kind == "windows-registry-key":
        return f"[windows-registry-key:key = {_quoted(observable['key'])}]"
    if "value" in observable:
        return f"[{kind}:value = {_quoted(observable['value'])}]"
    return None


def _path(value: str) -> list[dict[str, Any]]:
    """A directory and the file in it; a directory alone when the path ends without a name with a dot."""
    separator = "\\" if "\\" in value else "/"
    folder, _, name = value.rpartition(separator)
    if not folder or "." not in name:
        return [_object("directory", {"path": value})]
    directory = _object("directory", {"path": folder})
    return [directory, _object("file", {"name": name, "parent_directory_ref": directory["id"]})]


def _object(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """An observable; all its properties contribute to its id, as JSON that is canonical (RFC 8785) for such values."""
    canonical = json.dumps(properties, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(NAMESPACE, canonical)}", **properties}


def _quoted(text: str) -> str:
    """A string literal of the pattern language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _maker(kind: str, make: Callable[[str], dict[str, Any]]) -> Callable[[str], list[dict[str, Any]]]:
    return lambda value: [_object(kind, make(value))]


def _hash(name: str) -> Callable[[str], list[dict[str, Any]]]:
    return _maker("file", lambda value: {"hashes": {name: value}})


def _value(value: str) -> dict[str, Any]:
    return {"value": value}


_MAKERS: dict[str, Callable[[str], list[dict[str, Any]]]] = {
    "ipv4": _maker("ipv4-addr", _value),
    "ipv6": _maker("ipv6-addr", _value),
    "domain": _maker("domain-name", _value),
    "url": _maker("url", _value),
    "email": _maker("email-addr", _value),
    "md5": _hash("MD5"),
    "sha1": _hash("SHA-1"),
    "sha256": _hash("SHA-256"),
    "sha512": _hash("SHA-512"),
    "file": _maker("file", lambda value: {"name": value}),
    "path": _path,
    "registry": _maker("windows-registry-key", lambda value: {"key": value}),
    "asn": _maker("autonomous-system", lambda value: {"number": int(value.removeprefix("AS"))}),
}
