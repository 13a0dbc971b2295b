"""Checks of one value each, for the data types of STIX 2.1, section 2. Each returns None when all is well."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from sild.threats.engine.flaws import Flaw, wrong
from sild.threats.engine.identifiers import IDENTIFIER
from sild.threats.engine.times import micros
from sild.threats.engine.vocabularies import VOCABULARIES

if TYPE_CHECKING:
    from sild.threats.engine.flaws import Check, Flaws

# Section 2.8: integers that every JSON parser keeps exactly.
MOST_INTEGER = 2**53 - 1
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+", re.ASCII)
_KEY = re.compile(r"[a-zA-Z0-9_-]{1,250}", re.ASCII)
_LANGUAGE = re.compile(r"[a-zA-Z]{2,8}(?:-[a-zA-Z0-9]{1,8})*", re.ASCII)
_RELATIONSHIP_TYPE = re.compile(r"[a-z0-9-]+", re.ASCII)
_HASHES = {
    "MD5": re.compile(r"[0-9a-fA-F]{32}", re.ASCII),
    "SHA-1": re.compile(r"[0-9a-fA-F]{40}", re.ASCII),
    "SHA-256": re.compile(r"[0-9a-fA-F]{64}", re.ASCII),
    "SHA-512": re.compile(r"[0-9a-fA-F]{128}", re.ASCII),
    "SHA3-256": re.compile(r"[0-9a-fA-F]{64}", re.ASCII),
    "SHA3-512": re.compile(r"[0-9a-fA-F]{128}", re.ASCII),
    "SSDEEP": re.compile(r"[0-9]+:[A-Za-z0-9/+]*:[A-Za-z0-9/+]*", re.ASCII),
    "TLSH": re.compile(r"(?:T1)?[0-9a-fA-F]{70}", re.ASCII),
}


def string(value: Any) -> Flaws:
    """Section 2.14."""
    return None if isinstance(value, str) else wrong("is no string")


def boolean(value: Any) -> Flaws:
    """Section 2.2."""
    return None if value is True or value is False else wrong("is neither true nor false")


def timestamp(value: Any) -> Flaws:
    """Section 2.16."""
    try:
        micros(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return wrong(f"is no timestamp of the form 2024-05-06T07:08:09.123Z: {str(value)[:40]}")
    return None


def number(value: Any) -> Flaws:
    """Section 2.5, float; an integer is one too."""
    return None if type(value) in {int, float} else wrong("is no number")


def integer(least: int = -MOST_INTEGER, most: int = MOST_INTEGER) -> Check:
    """Section 2.8, within bounds."""

    def check(value: Any) -> Flaws:
        if type(value) is int and least <= value <= most:
            return None
        return wrong(f"is no integer from {least} to {most}")

    return check


def floating(least: float, most: float) -> Check:
    """A number within bounds."""

    def check(value: Any) -> Flaws:
        if type(value) in {int, float} and least <= value <= most:
            return None
        return wrong(f"is no number from {least} to {most}")

    return check


def hexadecimal(value: Any) -> Flaws:
    """Section 2.7."""
    return (
        None if isinstance(value, str) and _HEX.fullmatch(value) else wrong("is no hexadecimal string of whole bytes")
    )


def binary(value: Any) -> Flaws:
    """Section 2.1: base64 (RFC 4648)."""
    try:
        b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return wrong("is no base64")
    return None


def dictionary(value: Any) -> Flaws:
    """Section 2.4: not empty, keys of letters, digits, hyphen and underscore."""
    if not isinstance(value, dict) or not value:
        return wrong("is no dictionary with at least one key")
    return [
        Flaw("", f"has a key that no dictionary may have: {key[:40]}") for key in value if not _KEY.fullmatch(key)
    ] or None


def anything(_value: Any) -> Flaws:
    """Nothing is asked."""
    return None


def language(value: Any) -> Flaws:
    """RFC 5646, by its form."""
    return None if isinstance(value, str) and _LANGUAGE.fullmatch(value) else wrong("is no RFC 5646 language code")


def relationship_type(value: Any) -> Flaws:
    """Section 5.1.1: lower case letters, digits and hyphens."""
    if isinstance(value, str) and _RELATIONSHIP_TYPE.fullmatch(value):
        return None
    return wrong("may hold only lower case letters, digits and hyphens")


def exactly(expected: str) -> Check:
    """One value and no other."""

    def check(value: Any) -> Flaws:
        return None if value == expected else wrong(f"is not “{expected}”")

    return check


def vocabulary(name: str) -> Check:
    """Section 10: an error outside an enumeration, a warning outside an open vocabulary."""
    values, is_closed = VOCABULARIES[name], name.endswith("-enum")

    def check(value: Any) -> Flaws:
        if isinstance(value, str):
            return None if value in values else [Flaw("", f"is not in {name}: {value[:60]}", is_closed)]
        return wrong("is no string")

    return check


def reference(types: frozenset[str] = frozenset(), *, forbidden: bool = False, is_error: bool = True) -> Check:
    """Section 2.9: an identifier, of one of these types, or of none of them when they are forbidden.

    `is_error` says what another type is worth; what is no identifier is an error in any case.
    """

    def check(value: Any) -> Flaws:
        match = IDENTIFIER.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return wrong(f"is no identifier of the form type--UUID: {str(value)[:60]}")
        if types and (match[1] in types) is forbidden:
            named = ", ".join(sorted(types))
            allowed = "not allowed" if forbidden else "allowed"
            return [Flaw("", f"refers to a {match[1]}; {allowed} are {named}", is_error)]
        return None

    return check


def listed(item: Check) -> Check:
    """Section 2.10: a list, not empty, of such items."""

    def check(value: Any) -> Flaws:
        if not isinstance(value, list) or not value:
            return wrong("is no list with at least one item")
        found = None
        for index, one in enumerate(value):
            flaws = item(one)
            if flaws:
                found = (found or []) + [flaw.under(f"[{index}]") for flaw in flaws]
        return found

    return check


def hashes(value: Any) -> Flaws:
    """Section 2.6: hash values by algorithm, each of its algorithm's form."""
    if not isinstance(value, dict) or not value:
        return wrong("is no dictionary of hashes")
    found: list[Flaw] = []
    for name, one in value.items():
        form = _HASHES.get(name)
        if form is None:
            found.append(Flaw(name, "is not in hash-algorithm-ov", is_error=len(name) < 3))  # noqa: PLR2004 -- section 2.6
        if not isinstance(one, str) or (form is not None and not form.fullmatch(one)):
            found.append(Flaw(name, "is no such hash"))
    return found or None
