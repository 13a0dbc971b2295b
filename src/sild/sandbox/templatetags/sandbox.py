"""Filters: texts in the reader's language, words for codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from sild.exchange import multilingual
from sild.people.enums import Right
from sild.sandbox import details
from sild.sandbox.words import COVERAGE, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sild.people.actor import Actor

register = template.Library()
register.filter("word", word)


@register.filter
def pick(value: Mapping[str, str] | str) -> str:
    """A text in several languages, in the reader's."""
    return multilingual.pick(value)


@register.filter
def detail(said: str) -> str:
    """What an engine says of a measure or an attempt, in the reader's language."""
    return details.told(said)


@register.filter
def mistake(said: str) -> str:
    """What an engine says of an error, in the reader's language."""
    return details.error(said)


@register.filter
def point(name: str) -> str:
    """A point of the EU AI Act as the reader's language cites it."""
    return details.point(name)


@register.filter
def listed(value: object) -> str:
    """One text or several, as one line."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@register.filter
def may_publish(actor: Actor) -> bool:
    """Whether somebody may publish to partners."""
    return actor.may(Right.PUBLISH)


@register.filter
def act_mapping(report: dict[str, Any]) -> dict[str, Any]:
    """Which points of the EU AI Act a report covers."""
    from sild.sandbox.engine import act  # noqa: PLC0415 -- only a report's page needs the catalogue

    return act.mapping(report)


@register.filter
def covered(code: str) -> object:
    """The words for how far a point is covered."""
    return COVERAGE[code]
