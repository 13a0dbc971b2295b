"""What the desk's templates look up for a proposal."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from django import template
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sild.analyst.items import Item
    from sild.analyst.models import Reading
    from sild.exchange.models import Record

register = template.Library()


@register.filter
def number(item: Item, numbers: Mapping[tuple[int, int], int]) -> int:
    """The number that the text shows beside a technique's words."""
    return numbers[item.start, item.end]


@register.filter
def words(item: Item, reading: Reading) -> str:
    """What stands in the text where the proposal points."""
    return reading.text[item.start : item.end]


@register.filter
def place(item: Item, reading: Reading) -> str:
    """Where in the original file it stands, with the language there; empty for a text that was pasted."""
    segments = reading.origin.get("segments") or []
    found = bisect_right(segments, item.start, key=lambda segment: segment[0]) - 1
    if found < 0:
        return ""
    _start, unit, number, language = segments[found]
    told = {
        "line": _("line %(number)s"),
        "page": _("page %(number)s"),
        "paragraph": _("paragraph %(number)s"),
        "row": _("table, block %(number)s"),
        "header": _("header"),
        "part": _("body"),
    }
    words = told[unit] % {"number": number}
    return f"{words} ({language})" if language != "und" else words


@register.filter
def lookup(known: Mapping[str, list[Record]], value: str) -> list[Record]:
    """The records that name a value."""
    return known.get(value, [])


@register.filter
def basis(item: Item) -> str:
    """Where a proposal comes from, in the reader's language."""
    told = {
        "model": _("model"),
        "lexicon": _("lexicon"),
        "named": _("named in the text"),
        "endpoint": _("language model at the endpoint"),
        "pattern": _("pattern"),
        "names": _("list of names"),
        "person": _("added by a person"),
    }
    return told.get(item.basis, item.basis)


@register.filter
def scope(item: Item) -> str:
    """Whose or what an indicator is, in the reader's language."""
    told = {
        "public": _("public"),
        "private": _("private network"),
        "loopback": _("this machine itself"),
        "reserved": _("reserved"),
        "documentation": _("for documentation"),
        "example": _("example"),
        "system": _("part of Windows"),
        "known": _("harmless, says a warning list"),
        "victim": _("the victim’s"),
        "benign": _("harmless, says the text"),
    }
    return told.get(item.scope, item.scope)
