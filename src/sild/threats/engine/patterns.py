"""STIX patterns (STIX 2.1, section 9): are they well formed, and which values do they ask for."""

from __future__ import annotations

import re
from functools import lru_cache

from stix2patterns.validator import run_validator

# Longer ones are taken unread: the parser takes seconds for them, and a sender must not stop the server.
MOST_CHARACTERS = 10_000
# One comparison of a property with a text: what nearly every indicator is. Whatever has this form the grammar accepts,
# too; a test holds the two against each other.
_SIMPLE = re.compile(
    r" ?\[ ?[a-z][a-z0-9]*(?:-[a-z0-9]+)*:[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?:\.[a-z][a-z0-9]*(?:_[a-z0-9]+)*)*"
    r" ?!?= ?'(?:[^'\\\x00-\x1f]|\\['\\])*' ?\] ?",
    re.ASCII,
)
_SHORT = re.compile(
    r"\[ ?[a-z][a-z0-9]*(?:-[a-z0-9]+)*:(?:value|name|path|key|number|hashes\.(?:MD5|'(?:MD5|SHA-1|SHA-256|SHA-512)'))"
    r" ?!?= ?'(?:[^'\\\x00-\x1f]|\\['\\])*' ?\]",
    re.ASCII,
)
# A quoted value that is neither part of a path nor a timestamp, binary or hexadecimal constant.
_LITERAL = re.compile(r"(?<![.:\w])'((?:[^'\\]|\\.)*)'")


@lru_cache(maxsize=20_000)
def errors_of(pattern: str) -> tuple[str, ...]:
    """What is wrong with a pattern; empty when it is well formed or too long to be read.

    Source: the grammar of STIX 2.1, section 9, as OASIS's `stix2-patterns` reads it.
    """
    if is_simple(pattern) or len(pattern) > MOST_CHARACTERS:
        return ()
    try:
        return tuple(str(error).removeprefix("FAIL: ") for error in run_validator(pattern))
    except RecursionError:
        return ("it is nested too deeply",)


def is_simple(pattern: str) -> bool:
    """Whether a pattern is one comparison with a text, which is well formed for certain."""
    return bool(_SHORT.fullmatch(pattern) or _SIMPLE.fullmatch(pattern))


def literals(pattern: str) -> list[str]:
    """The texts that a pattern compares with, unescaped, in order."""
    return [re.sub(r"\\(.)", r"\1", found) for found in _LITERAL.findall(pattern)]
