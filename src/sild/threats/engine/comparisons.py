"""Simple STIX patterns from values and values from patterns (STIX 2.1, section 9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .pasted import Asked, classify, hash_name
from .sentences import DeskError, _

if TYPE_CHECKING:
    from collections.abc import Iterator

_BY_VALUE = frozenset({"ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "mac-addr"})
# One comparison of a path with a text: equality, and network membership, which names addresses as well.
_COMPARISON = re.compile(
    r"(?P<type>[a-z0-9-]+):(?P<path>(?:'[^']*'|[\w.\-\[\]*])+)\s*(?:=|ISSUBSET|IN\s*\()\s*'(?P<value>(?:[^'\\]|\\.)*)'"
)
_ESCAPED = re.compile(r"\\(.)")


def quote(value: str) -> str:
    """A string literal of the pattern language (section 9.5)."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def pattern_for(asked: Asked) -> str:
    """The pattern that looks for one value.

    Raises:
        DeskError: there is no usual pattern for this kind of thing.
    """
    if asked.kind in _BY_VALUE:
        operator = "ISSUBSET" if asked.kind in {"ipv4-addr", "ipv6-addr"} and "/" in asked.value else "="
        return f"[{asked.kind}:value {operator} {quote(asked.value)}]"
    name = hash_name(asked.value)
    if asked.kind == "file" and name:
        return f"[file:hashes.{quote(name) if '-' in name else name} = {quote(asked.value)}]"
    raise DeskError(_("“%(given)s” is no address, name, URL, e-mail address or hash of a file."), given=asked.given)


def values_in(pattern: str) -> Iterator[tuple[str, str]]:
    """The STIX types and values that a pattern compares with, in the form of `pasted.classify`."""
    for match in _COMPARISON.finditer(pattern):
        value = _ESCAPED.sub(r"\1", match["value"])
        asked = classify(value)
        yield match["type"], asked.value if asked.kind == match["type"] else value


def main_type(pattern: str) -> str:
    """The STIX type that a pattern is about first; “other” when it names none."""
    return next((kind for kind, _value in values_in(pattern)), "other")
