"""The effective TLP level of each object in a collection: what its markings say, and never less than what binds it.

A level that falls gives the object a new position: whoever has read past the old one would otherwise never see it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson

from sild.threats import store
from sild.threats.engine import markings
from sild.threats.enums import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from sild.threats.engine.prepared import Prepared
    from sild.threats.models import Collection, Sequencer

MARKING_EDGE = "object_marking_refs"
_DEFINITIONS = """SELECT o.stix_id, v.raw FROM threats_stixobject o
 JOIN threats_member m ON m.object_id = o.id JOIN threats_version v ON v.id = m.version_id
 JOIN threats_collection c ON c.id = m.collection_id
 WHERE o.stix_id IN ({keys}) AND c.agency_id = %s"""
_PLACES = """SELECT m.object_id, v.stamp, m.position, m.marking, m.floor, m.level, m.is_last, m.is_first, v.spec_version
 FROM threats_member m JOIN threats_version v ON v.id = m.version_id
 WHERE m.object_id IN ({keys}) AND m.collection_id = %s"""
_PENDING = """SELECT m.position, m.object_id, m.collection_id, v.raw FROM threats_edge e
 JOIN threats_member m ON m.version_id = e.via_id JOIN threats_version v ON v.id = m.version_id
 JOIN threats_collection c ON c.id = m.collection_id
 WHERE e.target_id IN ({keys}) AND e.label = %s AND c.agency_id = %s"""


def resolve(agency_id: int, ready: Sequence[Prepared]) -> dict[int, int | None]:
    """The level that each object's markings say, by index; one that is unknown counts as RED and leaves an edge."""
    named = {name for one in ready for name in one.markings}
    defined = _defined(agency_id, named, ready)
    found: dict[int, int | None] = {}
    for one in ready:
        unknown = one.markings - defined.keys()
        one.edges += [(one.stix_id, name, MARKING_EDGE) for name in unknown]
        found[one.index] = _level(one.kind, one.markings, defined)
    return found


def _defined(agency_id: int, named: set[str], ready: Sequence[Prepared] = ()) -> dict[str, int | None]:
    """What each definition gives: as published, or as it stands in what comes and in the agency's collections.

    Only one's own agency defines: nobody else can lower, or raise, what its objects are marked with.
    """
    defined: dict[str, int | None] = {name: level for name, level in markings.PUBLISHED.items() if name in named}
    said = [(one.stix_id, one.own_level) for one in ready if one.kind == "marking-definition" and one.stix_id in named]
    for name, raw in store.select(_DEFINITIONS, named - defined.keys(), agency_id):
        said.append((name, markings.level_of_definition(orjson.loads(bytes(raw)))))
    for name, level in said:
        if name not in markings.PUBLISHED:
            before = defined.get(name)
            defined[name] = level if before is None else max(before, level or 0)
    return defined


def _level(kind: str, named: set[str], defined: dict[str, int | None]) -> int | None:
    """The greatest level of these markings; a definition that nothing marks is for everybody."""
    levels = [defined.get(name, int(Level.RED)) for name in named]
    known = [level for level in levels if level is not None]
    return max(known, default=int(Level.CLEAR) if kind == "marking-definition" else None)


def effective(collection: Collection, marking: int | None) -> int:
    """The level of an object that stands alone."""
    return int(collection.unmarked_as) if marking is None else marking


def settle(collection: Collection, objects: Iterable[int], sequencer: Sequencer) -> None:
    """Work out anew, for these objects, which version is first and last, and every level.

    A later version that is marked higher hides the earlier ones, too; one that is marked lower frees only itself. First
    and last are those of the newest STIX version that there is (TAXII 2.1, section 3.4, match[spec_version]).
    """
    places: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row, *place in store.select(_PLACES, objects, store.key(collection.pk)):
        places[row].append(tuple(place))
    changes: list[tuple[int, int, bool, bool, int]] = []
    for versions in places.values():
        changes += _settled(collection, sorted(versions, reverse=True))
    lowered = [change for change in changes if change[0]]
    moves = dict(zip([change[4] for change in lowered], take_positions(sequencer, len(lowered)), strict=True))
    sql = "UPDATE threats_member SET position = %s, level = %s, is_last = %s, is_first = %s WHERE position = %s"
    rows = [
        (moves.get(position, position), level, last, first, position) for _, level, last, first, position in changes
    ]
    store.execute_many(sql, rows)


def _settled(collection: Collection, newest_first: list[tuple[Any, ...]]) -> list[tuple[int, int, bool, bool, int]]:
    """What changes for the versions of one object: whether the level falls, level, is_last, is_first, position."""
    floor = max(place[3] for place in newest_first)
    newest_spec = max(place[7] for place in newest_first)
    told = [place[1] for place in newest_first if place[7] == newest_spec]
    changes, above = [], floor
    for _stamp, position, marking, _floor, level, was_last, was_first, _spec in newest_first:
        above = max(above, effective(collection, marking))
        is_last, is_first = position == told[0], position == told[-1]
        if (above, is_last, is_first) != (level, bool(was_last), bool(was_first)):
            changes.append((int(above < level), above, is_last, is_first, position))
    return changes


def take_positions(sequencer: Sequencer, number: int) -> range:
    """So many positions after everything that was given out, and not before now; the caller saves the sequencer."""
    first = max(time.time_ns() // 1000, sequencer.position + 1)
    if number:
        sequencer.position = first + number - 1
    return range(first, first + number)


def settle_definitions(agency_id: int, definitions: Sequence[int], sequencer: Sequencer) -> None:
    """After marking definitions arrived: mark anew what waited for them."""
    if not definitions:
        return
    pending = list(store.select(_PENDING, definitions, MARKING_EDGE, agency_id))
    contents = {position: orjson.loads(bytes(raw)) for position, _row, _collection, raw in pending}
    named = {name for item in contents.values() for name in markings.markings_of(item)}
    defined = _defined(agency_id, named)
    rows = [
        (_level(item["type"], markings.markings_of(item), defined), position) for position, item in contents.items()
    ]
    store.execute_many("UPDATE threats_member SET marking = %s WHERE position = %s", rows)
    by_collection: dict[UUID, list[int]] = defaultdict(list)
    for _position, row, collection_id, _raw in pending:
        by_collection[collection_id].append(row)
    for collection in store.collections(by_collection):
        settle(collection, by_collection[store.key(collection.pk)], sequencer)
