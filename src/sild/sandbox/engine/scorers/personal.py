"""Personal data in a text: national codes with a right check digit, telephone numbers, e-mail and street addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_ESTONIAN_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3))
_UKRAINIAN_WEIGHTS = (-1, 5, 7, 9, 4, 6, 10, 5, 7)
_DIGITS = re.compile(r"(?<![\d.])\d{10,11}(?![\d.]\d|\d)")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}\w{2,24}")
# An international number, or a national one of Estonia (5xx xxxx, 6xx xxxx …) or Ukraine (0xx xxx xx xx) in groups.
_PHONE = re.compile(
    r"(?<![\d\w])(?:\+(?:372|380)[ -]?\(?\d{2,3}\)?(?:[ -]?\d{2,4}){2,3}"
    r"|0\d{2}[ -]\d{3}(?:[ -]\d{2}){2}|[3-9]\d{2}[ -]\d{4,5})(?!\d)"
)
_ADDRESS = re.compile(
    r"(?:\b[A-ZÕÄÖÜ][\wõäöü-]+ (?:tn|tänav|pst|puiestee|tee|mnt|maantee)\.? \d+[a-z]?(?:[-–/]\d+)?"
    r"|\b(?:вул\.|вулиця|просп\.|проспект|бульвар|пров\.) [А-ЯІЇЄҐ][\w'’ .-]{1,40}, (?:буд\. )?\d+[а-я]?"
    r"|\b\d{1,4} [A-Z][a-z]+ (?:Street|Road|Avenue|Lane|Square)\b)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data: its kind, and where it stands in the text."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Found]:
    """All personal data in a text, in order; codes only when their check digit is right."""
    found = [
        Found("isikukood" if len(match[0]) == _ISIKUKOOD else "rnokpp", *match.span())
        for match in _DIGITS.finditer(text)
        if is_isikukood(match[0]) or is_rnokpp(match[0])
    ]
    for kind, pattern in (("email", _EMAIL), ("phone", _PHONE), ("address", _ADDRESS)):
        found += [Found(kind, *match.span()) for match in pattern.finditer(text)]
    return sorted(found, key=lambda one: (one.start, one.end))


_ISIKUKOOD = 11
_RNOKPP = 10


def is_isikukood(code: str) -> bool:
    """Whether it is an Estonian personal code (EVS 585:2007): a date that exists and the check digit."""
    if len(code) != _ISIKUKOOD or not code.isdigit() or code[0] not in "12345678":
        return False
    century = 1800 + 100 * ((int(code[0]) - 1) // 2)
    try:
        date(century + int(code[1:3]), int(code[3:5]), int(code[5:7]))
    except ValueError:
        return False
    return int(code[10]) == isikukood_check(code[:10])


def isikukood_check(first: str) -> int:
    """The check digit of the first ten digits: modulo 11 with two rows of weights."""
    for weights in _ESTONIAN_WEIGHTS:
        remainder = sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True)) % 11
        if remainder < 10:  # noqa: PLR2004 -- a digit
            return remainder
    return 0


def is_rnokpp(code: str) -> bool:
    """Whether it is a Ukrainian registration number of a taxpayer's card: the check digit, and a day since 1900."""
    return (
        len(code) == _RNOKPP
        and code.isdigit()
        and 1 <= int(code[:5]) <= (date.today() - date(1899, 12, 31)).days  # noqa: DTZ011 -- only whether it can be a birthday
        and int(code[9]) == rnokpp_check(code[:9])
    )


def rnokpp_check(first: str) -> int:
    """The check digit of the first nine digits: modulo 11, then modulo 10."""
    return sum(int(digit) * weight for digit, weight in zip(first, _UKRAINIAN_WEIGHTS, strict=True)) % 11 % 10
