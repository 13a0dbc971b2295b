"""Search over what an actor may see: by type, text, value, technique, actor and time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sild.people.actor import Actor
    from sild.threats.reading import Found

MOST_RESULTS = 200
MOST_VALUES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for; what is empty does not restrict, and everything given has to hold.

    Attributes:
        types: as in `indicator`.
        text: words that the object contains; the last one may be the beginning of a word.
        value: an address, a domain, a hash, exactly; of an observable or in a pattern.
        technique: as in `T1059` or `T1059.001`: the technique and what is connected with it.
        threat_actor: a name or alias: the actor and what is connected with it.
        added_from, added_until: when it was added here.
        collections: only in these.
        before: go on after a page: the position of its last result.
        limit: results, `MOST_RESULTS` at most.
    """

    types: Sequence[str] = ()
    text: str = ""
    value: str = ""
    technique: str = ""
    threat_actor: str = ""
    added_from: datetime | None = None
    added_until: datetime | None = None
    collections: Sequence[str] = field(default=())
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, newest first; `next` is the `before` of the next page, None at the end."""

    items: list[Found]
    next: int | None


def search(actor: Actor, query: Query) -> Results:
    """Last versions of objects that the actor may see and that the query asks for."""
    raise NotImplementedError


def seen(actor: Actor, values: Iterable[str]) -> dict[str, list[Found]]:
    """For each of these values, the visible objects that contain it exactly; `MOST_VALUES` values at most."""
    raise NotImplementedError
