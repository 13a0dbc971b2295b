"""Search over what an actor may see: by type, text, value, technique, actor and time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from sild.threats.engine import aliases
from sild.threats.enums import TermKind
from sild.threats.models import Edge, Member, Term
from sild.threats.reading import CHUNK, found_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

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
    rows = _restricted(visible(actor).filter(is_last=True), query)
    if query.before is not None:
        rows = rows.filter(position__lt=query.before)
    limit = min(query.limit, MOST_RESULTS)
    found = list(rows.order_by("-position")[: limit + 1])
    return Results([found_of(row) for row in found[:limit]], found[limit - 1].position if len(found) > limit else None)


def seen(actor: Actor, values: Iterable[str]) -> dict[str, list[Found]]:
    """For each of these values, the visible objects that contain it exactly; `MOST_VALUES` values at most."""
    wanted = [value.lower() for value in values][:MOST_VALUES]
    answers: dict[str, list[Found]] = {}
    for start in range(0, len(wanted), CHUNK):
        terms = Term.objects.filter(value__in=wanted[start : start + CHUNK])
        by_version: dict[int, set[str]] = {}
        for value, version in terms.values_list("value", "version_id"):
            by_version.setdefault(version, set()).add(value)
        for row in visible(actor).filter(is_last=True, version_id__in=by_version).order_by("-position"):
            for value in by_version[row.version_id]:
                answers.setdefault(value, []).append(found_of(row))
    return answers


def _restricted(rows: QuerySet[Member], query: Query) -> QuerySet[Member]:
    if query.types:
        rows = rows.filter(kind__name__in=query.types)
    if query.collections:
        rows = rows.filter(collection__in=query.collections)
    for word in query.text.split():
        rows = rows.filter(Q(version__name__icontains=word) | Q(version__terms__value__startswith=word.lower())).distinct()
    if query.value:
        rows = rows.filter(version__in=Term.objects.filter(value=query.value.lower()).values("version"))
    if query.technique:
        rows = _connected(rows, [query.technique.lower()], (TermKind.EXTERNAL,))
    if query.threat_actor:
        names = {name.lower() for one in aliases.find(query.threat_actor) for name in one.names}
        rows = _connected(rows, [query.threat_actor.lower(), *names], (TermKind.NAME, TermKind.EXTERNAL))
    if query.added_from:
        rows = rows.filter(position__gte=_micro(query.added_from))
    return rows.filter(position__lt=_micro(query.added_until)) if query.added_until else rows


def _connected(rows: QuerySet[Member], names: Sequence[str], kinds: Sequence[TermKind]) -> QuerySet[Member]:
    """The objects of these names and what is connected with them."""
    versions = Term.objects.filter(value__in=names, kind__in=kinds).values("version")
    objects = Member.objects.filter(version__in=versions).values("object")
    around = Edge.objects.filter(target__in=objects)
    return rows.filter(Q(object__in=objects) | Q(object__in=around.values("source")) | Q(version__in=around.values("via")))


def _micro(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1_000_000)
