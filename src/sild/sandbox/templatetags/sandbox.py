"""Filters: texts in the reader's language, words for codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from sild.exchange import multilingual
from sild.sandbox.words import ALL, gap

if TYPE_CHECKING:
    from collections.abc import Mapping

register = template.Library()
GAP = "gap:"


@register.filter
def pick(value: Mapping[str, str] | str) -> str:
    """A text in several languages, in the reader's."""
    return multilingual.pick(value)


@register.filter
def word(code: object) -> object:
    """The words for a code; the code itself where there are none, as in a later version's report."""
    name = str(code)
    return gap(name.removeprefix(GAP)) if name.startswith(GAP) else ALL.get(name, code)


@register.filter
def listed(value: object) -> str:
    """One text or several, as one line."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
