"""Search over what an actor may see: by type, text, value, technique, actor and time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from sild.threats import fulltext, store
from sild.threats.access import accesses
from sild.threats.engine.prepared import term, type_word
from sild.threats.enums import TermKind
from sild.threats.errors import ThreatsError
from sild.threats.models import Kind
from sild.threats.reading import COLUMNS, TABLES, of_row, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sild.people.actor import Actor
    from sild.threats.access import Access
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
        aliases: other names under which that actor is looked for as well.
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
    aliases: Sequence[str] = ()
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


# Objects that a technique or an actor is followed to; a hub of ATT&CK has some hundreds.
MOST_CONNECTED = 1000
# Objects that one term may name: the same technique or actor as several sources have it.
MOST_NAMED = 50


@dataclass(slots=True)
class _Parts:
    """A statement while it is put together.

    Attributes:
        source: what is walked, before the tables that every result needs.
        order: the column that results are sorted and paged by.
    """

    source: str = ""
    order: str = "m.position"
    conditions: list[str] = field(default_factory=lambda: ["m.is_last"])
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        """One more condition, with its values."""
        self.conditions.append(condition)
        self.values += values


def search(actor: Actor, query: Query) -> Results:
    """Last versions of objects that the actor may see and that the query asks for, newest first."""
    limit = max(1, min(query.limit, MOST_RESULTS))
    allowed = [
        one
        for one in accesses(actor)
        if one.may_read and (not query.collections or str(one.collection.pk) in query.collections)
    ]
    connected = _connected(query, allowed)
    if not allowed or connected == []:
        return Results([], None)
    if query.value or query.text or connected is not None:
        rows = _found(query, connected, allowed, limit + 1)
        by_version = _is_by_words(query, connected)
    else:
        rows, by_version = _listed(query, allowed, limit + 1), False
    items = [of_row(row) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    once = list({(one.stix_id, one.version_id): one for one in items}.values())
    return Results(once, None if last is None else (last.version_id if by_version else last.position))


def seen(actor: Actor, values: Iterable[str]) -> dict[str, list[Found]]:
    """For each of these values, the visible objects that contain it exactly; `MOST_VALUES` values at most.

    Raises:
        ThreatsError: there are more values.
    """
    wanted = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    if len(wanted) > MOST_VALUES:
        raise ThreatsError(_("Look up at most %(most)d values at once.") % {"most": MOST_VALUES}, code="too-many")
    scope, allowed = visible(accesses(actor))
    sql = f"""SELECT t.value, {COLUMNS} FROM threats_term t CROSS JOIN {TABLES}
 WHERE t.value IN ({{keys}}) AND m.version_id = t.version_id AND m.is_last AND {scope} ORDER BY m.position DESC"""
    found: dict[str, dict[str, Found]] = {}
    for value, *row in store.select(sql, {_term(one) for one in wanted}, *allowed):
        one = of_row(tuple(row))
        found.setdefault(value, {}).setdefault(one.stix_id, one)
    return {value: list(found.get(_term(value), {}).values()) for value in wanted}


def _term(value: str) -> str:
    """A value as `Term` has it."""
    return term(value)


def _is_by_words(query: Query, connected: list[int] | None) -> bool:
    """Whether the index of words is what is walked."""
    return bool(query.text) and not query.value and connected is None


def _found(query: Query, connected: list[int] | None, allowed: list[Access], most: int) -> list[tuple[Any, ...]]:
    """Rows for a value, a technique, an actor or words: the most selective is walked, the others are conditions.

    CROSS JOIN tells SQLite to keep the order of the tables; PostgreSQL chooses for itself.
    """
    parts = _Parts()
    words = fulltext.expression(query.text)
    table, key, matches = fulltext.clause()
    members = "threats_member m"
    if query.value:
        parts.source = f"threats_term t CROSS JOIN {members}"
        parts.add("t.value = %s AND t.kind = %s AND m.version_id = t.version_id", _term(query.value), TermKind.VALUE)
    else:
        parts.source = members
    if connected is not None:
        parts.add(f"m.object_id IN ({', '.join(['%s'] * len(connected))})", *connected)
    if _is_by_words(query, connected):
        types = [type_word(kind) for kind in query.types]
        parts.source, parts.order = f"{table} CROSS JOIN {members}", key
        sought = fulltext.both(fulltext.any_of(types), words) if types else words
        parts.add(f"{matches} AND m.version_id = {key}", sought)
    elif words:
        parts.add(f"m.version_id IN (SELECT {key} FROM {table} WHERE {matches})", words)
    _restrict(parts, query)
    scope, values = visible(allowed)
    parts.add(scope, *values)
    where = " AND ".join(parts.conditions)
    # Positions first: sorting rows together with their objects would cost more than finding them.
    sql = f"SELECT m.position, {parts.order} FROM {parts.source} WHERE {where} ORDER BY 2 DESC LIMIT %s"
    return _rows([position for position, _order in store.execute(sql, [*parts.values, most])])


def _rows(positions: list[int]) -> list[tuple[Any, ...]]:
    """The rows at these positions, in their order."""
    found = store.select(f"SELECT {COLUMNS} FROM {TABLES} WHERE m.position IN ({{keys}})", positions)
    by_position = {row[0]: row for row in found}
    return [by_position[position] for position in positions if position in by_position]


def _kinds(query: Query) -> list[int]:
    """The numbers of the types asked for."""
    return list(Kind.objects.filter(name__in=query.types).values_list("pk", flat=True))


def _restrict(parts: _Parts, query: Query) -> None:
    """Types, time, and where the page before ended."""
    if query.types:
        kinds = _kinds(query)
        parts.add(f"m.kind_id IN ({', '.join(['%s'] * len(kinds))})" if kinds else "1 = 0", *kinds)
    if query.added_from is not None:
        parts.add("m.position >= %s", _position(query.added_from))
    if query.added_until is not None:
        parts.add("m.position < %s", _position(query.added_until))
    if query.before is not None:
        parts.add(f"{parts.order} < %s", query.before)


def _listed(query: Query, allowed: list[Access], most: int) -> list[tuple[Any, ...]]:
    """Rows by type and time alone: one walk for each collection and type, or level, merged by position."""
    start = 0 if query.added_from is None else _position(query.added_from)
    end = 2**62 if query.added_until is None else _position(query.added_until)
    end = end if query.before is None else min(end, query.before)
    kinds = _kinds(query) if query.types else []
    if query.types and not kinds:
        return []
    branches: list[str] = []
    values: list[Any] = []
    for one in allowed:
        column, keys = ("kind_id", kinds) if kinds else ("level", list(range(int(one.ceiling) + 1)))
        for key in keys:
            branches.append(
                f"SELECT m.position FROM threats_member m WHERE m.collection_id = %s AND m.{column} = %s"
                " AND m.is_last = %s AND m.level <= %s AND m.position >= %s AND m.position < %s"
            )
            values += [store.key(one.collection.pk), key, True, int(one.ceiling), start, end]
    sql = " UNION ALL ".join(branches) + " ORDER BY 1 DESC LIMIT %s"
    return _rows([position for (position,) in store.execute(sql, [*values, most])])


def _connected(query: Query, allowed: list[Access]) -> list[int] | None:
    """Rows of what a technique or an actor names and of all that is connected with it; None when none is asked."""
    names = [query.threat_actor, *query.aliases] if query.threat_actor else []
    asked = [(TermKind.EXTERNAL, [query.technique] if query.technique else []), (TermKind.NAME, names)]
    found: list[int] | None = None
    for kind, values in asked:
        if values:
            rows = _around(kind, [_term(value) for value in values], allowed)
            found = rows if found is None else [row for row in found if row in set(rows)]
    return found


def _around(kind: TermKind, values: list[str], allowed: list[Access]) -> list[int]:
    """The objects of one of these terms, and their neighbours by any edge, newest first."""
    sql = f"""SELECT DISTINCT v.object_id FROM threats_term t JOIN threats_version v ON v.id = t.version_id
 WHERE t.value IN ({", ".join(["%s"] * len(values))}) AND t.kind = %s ORDER BY 1 DESC LIMIT %s"""
    rows = [row for (row,) in store.execute(sql, [*values, int(kind), MOST_NAMED])]
    reached = dict.fromkeys(rows)
    for row in rows:
        for end in ("source", "target"):
            for ends in _edges(row, end, allowed, MOST_CONNECTED - len(reached)):
                reached.update(dict.fromkeys(ends))
    return list(reached)[:MOST_CONNECTED]


def _edges(row: int, end: str, allowed: list[Access], most: int) -> list[tuple[Any, ...]]:
    """The two ends of each edge at an object that a visible object states, and that object; newest first."""
    if most <= 0:
        return []
    scope, values = visible(allowed)
    sql = f"""SELECT e.source_id, e.target_id, m.object_id FROM threats_edge e CROSS JOIN threats_member m
 WHERE e.{end}_id = %s AND m.version_id = e.via_id AND m.is_last AND {scope} ORDER BY e.id DESC LIMIT %s"""
    return store.execute(sql, [row, *values, most])


def _position(moment: datetime) -> int:
    """A time as a position."""
    return int(moment.timestamp() * 1_000_000)
