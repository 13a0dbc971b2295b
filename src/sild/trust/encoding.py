"""Base64 that accepts one spelling only, and canonical JSON (RFC 8785) that never surprises."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

# Integers beyond 53 bits have no canonical form, and what Python would have to convert is left to rfc8785.
FAST = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_SUBCLASS
EXACT = frozenset({str, int, bool, type(None)})


def b64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Decode standard base64 in its one canonical spelling.

    Raises:
        ValueError: anything else, stray bits at the end included.
    """
    data = b64decode(text, validate=True)
    if b64(data) != text:
        raise ValueError("base64 with stray bits")
    return data


def b64u(data: bytes) -> str:
    """URL-safe base64 without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64u(text: str) -> bytes:
    """Decode URL-safe base64 without padding in its one canonical spelling.

    Raises:
        ValueError: anything else.
    """
    data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if b64u(data) != text:
        raise ValueError("not base64url in its one spelling")
    return data


def canonical(value: Any) -> bytes:
    """RFC 8785 canonical JSON.

    Where orjson writes the same bytes it does, many times faster; whatever it refuses, rfc8785 decides.

    Raises:
        ValueError: the value has no canonical form that reads back: a number out of range or not finite, a fraction
            that would read as a whole number out of range, a lone surrogate, nesting too deep.
    """
    try:
        if _is_simple(value):
            return orjson.dumps(value, option=FAST)
    except (orjson.JSONEncodeError, RecursionError):
        pass
    import rfc8785

    try:
        raw = rfc8785.dumps(value)
        rfc8785.dumps(orjson.loads(raw))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return raw


def _is_simple(value: Any) -> bool:
    """Whether orjson writes a value as RFC 8785 asks.

    It spells fractions in its own way (section 3.2.2.3), and orders keys by code points where section 3.2.3 has UTF-16
    code units; for ASCII keys the two orders are one.
    """
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and key.isascii() and _is_simple(value[key]) for key in value)
    if kind is list:
        return all(map(_is_simple, value))
    return kind in EXACT


def parse_canonical(raw: bytes) -> Any:
    """Parse JSON that must be in canonical form already; duplicate names, spaces and odd escapes are all refused.

    Raises:
        ValueError: not JSON, or not the canonical spelling of it.
    """
    value = orjson.loads(raw)
    if canonical(value) != raw:
        raise ValueError("the bytes are JSON, but not in canonical form (RFC 8785)")
    return value
