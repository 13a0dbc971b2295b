"""STIX patterns (STIX 2.1, section 9): are they well formed, and which values do they ask for."""

from __future__ import annotations

import re
from functools import lru_cache

# Longer ones are taken unread: the parser takes seconds for them, and a sender must not stop the server.
MOST_CHARACTERS = 10_000
# One comparison of a property with a text: what nearly every indicator is. Whatever has this form the grammar accepts,
# too; a test holds the two against each other.
_TYPE = r"\[ ?[a-z][a-z0-9]*(?:-[a-z0-9]+)*:"
_EQUALS = r" ?!?= ?"
_ANY_TEXT = _EQUALS + r"'(?:[^'\\\x00-\x1f]|\\['\\])*'"
_PATH = r"(?:value|name|path|key|(?!hashes)[a-z][a-z0-9]*(?:_[a-z0-9]+)+)"
_HASH = "|".join(
    rf"hashes\.{name}{_EQUALS}'[a-fA-F0-9]{{{length}}}'"
    for name, length in (("MD5", 32), ("'MD5'", 32), ("'SHA-1'", 40), ("'SHA-256'", 64), ("'SHA-512'", 128))
)
_SIMPLE = re.compile(rf"{_TYPE}(?:{_PATH}{_ANY_TEXT}|{_HASH}) ?\]", re.ASCII)
# A quoted value that is neither part of a path nor a timestamp, binary or hexadecimal constant.
_LITERAL = re.compile(r"(?<![.:\w])'((?:[^'\\]|\\.)*)'")


@lru_cache(maxsize=20_000)
def errors_of(pattern: str) -> tuple[str, ...]:
    """What is wrong with a pattern; empty when it is well formed or too long to be read.

    Source: the grammar of STIX 2.1, section 9, as OASIS's `stix2-patterns` reads it.
    """
    if is_simple(pattern) or len(pattern) > MOST_CHARACTERS:
        return ()
    from stix2patterns.validator import run_validator  # noqa: PLC0415 -- slow, and few patterns are not simple

    try:
        return tuple(str(error).removeprefix("FAIL: ") for error in run_validator(pattern))
    except Exception as error:  # noqa: BLE001 -- whatever the reader chokes on is no pattern
        return (f"it cannot be read ({type(error).__name__})",)


def is_simple(pattern: str) -> bool:
    """Whether a pattern is one comparison with a text, which is well formed for certain."""
    return _SIMPLE.fullmatch(pattern) is not None


def literals(pattern: str) -> list[str]:
    """The texts that a pattern compares with, unescaped, in order."""
    return [re.sub(r"\\(.)", r"\1", found) for found in _LITERAL.findall(pattern)]
