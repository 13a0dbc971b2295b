"""The one place that decides what counts as a text: decoding and limits."""

from __future__ import annotations

import hashlib

from .errors import TextError, _

MAX_BYTES = 2_000_000
_EMPTY = _("%(name)s is empty. Give a text to read.")
_TOO_LONG = _(
    "%(name)s is too long: at most %(most)s bytes or characters are read. Split it, or extract the text first."
)
_NOT_UTF8 = _("%(name)s is not text in UTF-8 (byte %(place)s). Save it as UTF-8 text.")
_BINARY = _("%(name)s is binary (NUL at character %(place)s). Extract its text first.")


def decode(data: bytes, name: str = "the input") -> str:
    """Turn a file's bytes into text: UTF-8, or UTF-16 when it says so by its byte order mark.

    Raises:
        TextError: more than 2 MB, empty, or not text.
    """
    if len(data) > MAX_BYTES:
        raise TextError(_TOO_LONG, name=name, most=MAX_BYTES)
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TextError(_NOT_UTF8, name=name, place=error.start) from error
    return check(text, name)


def check(text: str, name: str = "the input") -> str:
    """Return the text when it can be read.

    Raises:
        TextError: empty, longer than 2 MB, or with NUL characters, which text does not have.
    """
    if not text.strip():
        raise TextError(_EMPTY, name=name)
    if len(text) > MAX_BYTES:
        raise TextError(_TOO_LONG, name=name, most=MAX_BYTES)
    zero = text.find("\0")
    if zero >= 0:
        raise TextError(_BINARY, name=name, place=zero)
    return text


def digest(text: str) -> str:
    """`sha256:` and the SHA-256 of the text in UTF-8; lone surrogates count as U+FFFD."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
