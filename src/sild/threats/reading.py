"""What an actor may see of objects: one object, its versions, neighbours, sightings and who said it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext as _

from sild.threats import levels, store
from sild.threats.access import accesses
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from sild.threats.models import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sild.people.actor import Actor
    from sild.threats.access import Access


@dataclass(frozen=True, slots=True)
class Found:
    """A version of an object in a collection, as an actor sees it.

    Attributes:
        raw: its bytes, JSON.
        stix_id, kind, name: as in `indicator--…`, `indicator`.
        stamp: its version in microseconds since 1970.
        position: its place in the sequence, in microseconds since 1970.
        level: the effective TLP level there.
        collection_id: where it is.
        version_id: the row's key, for `Assertion`, `Edge` and `Term`.
    """

    raw: bytes
    stix_id: str
    kind: str
    name: str
    stamp: int
    position: int
    level: Level
    is_revoked: bool
    collection_id: uuid.UUID
    version_id: int

    @property
    def added(self) -> datetime:
        """When it was placed in the collection."""
        return datetime.fromtimestamp(self.position / 1_000_000, UTC)

    @property
    def content(self) -> dict[str, Any]:
        """The object, parsed."""
        parsed: dict[str, Any] = orjson.loads(self.raw)
        return parsed


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An object at the other end of an edge.

    Attributes:
        label: `relationship_type`, or the property that refers.
        outgoing: true when the edge leads from the object asked about to this one.
        via: the id of the object that states the edge: a relationship, a sighting, or the object itself.
        stix_id: the neighbour's id.
        found: the neighbour; None when it is not here, or not for this actor.
    """

    label: str
    outgoing: bool
    via: str
    stix_id: str
    found: Found | None


# What `found_rows` needs of each row, in this order.
COLUMNS = """m.position, m.level, m.collection_id, v.id AS version, v.raw, v.stamp, v.name, v.is_revoked, o.stix_id,
 k.name AS kind"""
TABLES = """threats_member m JOIN threats_version v ON v.id = m.version_id
 JOIN threats_stixobject o ON o.id = m.object_id JOIN threats_kind k ON k.id = m.kind_id"""


def get(actor: Actor, stix_id: str, *, stamp: int | None = None) -> Found:
    """An object in its last version, or in the one of that stamp.

    Raises:
        NotFoundError: it is not here, or not for this actor.
    """
    found = versions(actor, stix_id) if stamp is not None else list(get_many(actor, [stix_id]).values())
    for one in found:
        if stamp is None or one.stamp == stamp:
            return one
    raise NotFoundError(_("There is no object %(id)s here that you may see.") % {"id": stix_id[:300]})


def get_many(actor: Actor, stix_ids: Iterable[str]) -> dict[str, Found]:
    """The last versions of these objects that the actor may see, by id."""
    scope, values = visible(accesses(actor))
    sql = f"SELECT {COLUMNS} FROM {TABLES} WHERE o.stix_id IN ({{keys}}) AND m.is_last AND {scope}"
    found: dict[str, Found] = {}
    for one in map(of_row, store.select(sql, dict.fromkeys(stix_ids), *values)):
        before = found.get(one.stix_id)
        if before is None or before.stamp < one.stamp:
            found[one.stix_id] = one
    return found


def versions(actor: Actor, stix_id: str) -> list[Found]:
    """Every version that the actor may see, newest first; none when there is none."""
    scope, values = visible(accesses(actor))
    sql = f"SELECT {COLUMNS} FROM {TABLES} WHERE o.stix_id = %s AND {scope} ORDER BY v.stamp DESC, m.position DESC"
    once: dict[int, Found] = {}
    for one in map(of_row, store.execute(sql, [stix_id, *values])):
        once.setdefault(one.version_id, one)
    return list(once.values())


def neighbours(actor: Actor, stix_id: str, *, limit: int = 200) -> list[Neighbour]:
    """What the object is connected with, newest statements first; only edges that a visible object states."""
    scope, values = visible(accesses(actor))
    stated: list[tuple[Any, ...]] = []
    for own, other in (("source", "target"), ("target", "source")):
        sql = f"""SELECT m.position, e.label, o.stix_id, n.stix_id FROM threats_stixobject s
 JOIN threats_edge e ON e.{own}_id = s.id JOIN threats_member m ON m.version_id = e.via_id AND m.is_last
 JOIN threats_stixobject o ON o.id = m.object_id JOIN threats_stixobject n ON n.id = e.{other}_id
 WHERE s.stix_id = %s AND e.label <> %s AND {scope} ORDER BY m.position DESC LIMIT %s"""
        rows = store.execute(sql, [stix_id, levels.MARKING_EDGE, *values, limit])
        stated += [(*row, own == "source") for row in rows]
    stated.sort(reverse=True)
    once = {(label, outgoing, via, name): None for _position, label, via, name, outgoing in stated}
    kept = list(once)[:limit]
    found = get_many(actor, {name for *_rest, name in kept})
    return [Neighbour(label, outgoing, via, name, found.get(name)) for label, outgoing, via, name in kept]


def sightings(actor: Actor, stix_id: str, *, limit: int = 200) -> list[Found]:
    """The visible sightings of the object, newest first."""
    return sightings_of(actor, [stix_id], limit=limit).get(stix_id, [])


def sightings_of(actor: Actor, stix_ids: Iterable[str], *, limit: int = 200) -> dict[str, list[Found]]:
    """The newest visible sightings of each of these objects, newest first; nothing for what has none."""
    scope, values = visible(accesses(actor))
    sql = f"""SELECT * FROM (SELECT s.stix_id AS seen, ROW_NUMBER() OVER (PARTITION BY s.id ORDER BY m.position DESC)
 AS place, {COLUMNS} FROM {TABLES} JOIN threats_edge e ON e.via_id = v.id
 JOIN threats_stixobject s ON s.id = e.target_id
 WHERE s.stix_id IN ({{keys}}) AND e.label = %s AND m.is_last AND {scope}) r WHERE place <= %s ORDER BY place DESC"""
    found: dict[str, dict[str, Found]] = {}
    for seen, _place, *row in store.select(sql, dict.fromkeys(stix_ids), "sighting_of_ref", *values, limit):
        one = of_row(tuple(row))
        found.setdefault(seen, {})[one.stix_id] = one
    return {seen: list(once.values())[::-1] for seen, once in found.items()}


def assertions(actor: Actor, stix_id: str) -> list[Batch]:
    """Who said this, newest first: the batches that contained a version of it and went where the actor may see it."""
    allowed = {one.collection.pk: one for one in accesses(actor) if one.may_read}
    seen = {one.version_id for one in versions(actor, stix_id)}
    batches = Batch.objects.filter(assertions__version_id__in=seen, collection_id__in=allowed)
    return list(batches.select_related("record", "agency").distinct().order_by("-at"))


def visible(allowed: Sequence[Access]) -> tuple[str, list[Any]]:
    """SQL for “m is a member that may be seen”, with its values: each collection up to its ceiling."""
    readable = [one for one in allowed if one.may_read]
    if not readable:
        return "1 = 0", []
    each = " OR ".join(["(m.collection_id = %s AND m.level <= %s)"] * len(readable))
    return f"({each})", [value for one in readable for value in (store.key(one.collection.pk), int(one.ceiling))]


def of_row(row: tuple[Any, ...]) -> Found:
    """A row of `COLUMNS`."""
    position, level, collection_id, version_id, raw, stamp, name, is_revoked, stix_id, kind = row
    return Found(
        raw=bytes(raw),
        stix_id=stix_id,
        kind=kind,
        name=name,
        stamp=stamp,
        position=position,
        level=Level(level),
        is_revoked=bool(is_revoked),
        collection_id=collection_id if isinstance(collection_id, uuid.UUID) else uuid.UUID(collection_id),
        version_id=version_id,
    )
