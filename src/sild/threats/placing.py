"""Places prepared objects in a collection, in the caller's transaction and under the sequencer's lock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sild.threats import fulltext, levels, store
from sild.threats.engine.identifiers import type_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.threats.engine.prepared import Prepared
    from sild.threats.models import Batch, Collection, Sequencer

CONFLICT = "the collection has other content under that version; a changed object needs a later “modified”"


_VERSIONS = "SELECT object_id, stamp, digest, id FROM threats_version WHERE object_id IN ({keys})"
_PLACED = """SELECT m.object_id, v.stamp, v.digest FROM threats_member m JOIN threats_version v ON v.id = m.version_id
 WHERE m.object_id IN ({keys}) AND m.collection_id = %s"""


@dataclass(slots=True)
class _Rows:
    """The rows to be inserted."""

    versions: list[tuple[object, ...]] = field(default_factory=list)
    members: list[tuple[object, ...]] = field(default_factory=list)
    assertions: set[int] = field(default_factory=set)
    edges: list[tuple[object, ...]] = field(default_factory=list)
    terms: list[tuple[object, ...]] = field(default_factory=list)
    words: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Work:
    """One batch while it is being placed.

    Attributes:
        marked: the level that each object's markings say, by index.
        objects: row of each identifier.
        versions: (object, stamp, digest) to the version's row.
        latest: object to its newest version's stamp, digest and row; what has no versions is compared with it.
        places: (object, stamp) to the digest in this collection.
        placed: how many versions of each object this batch placed.
        floor: the least level that any of them has.
    """

    collection: Collection
    batch: Batch
    sequencer: Sequencer
    marked: dict[int, int | None]
    floor: int
    rows: _Rows = field(default_factory=_Rows)
    objects: dict[str, int] = field(default_factory=dict)
    versions: dict[tuple[int, int, bytes], int] = field(default_factory=dict)
    latest: dict[int, tuple[int, bytes, int]] = field(default_factory=dict)
    places: dict[tuple[int, int], bytes] = field(default_factory=dict)
    placed: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    key: object = None
    batch_key: object = None
    next_position: int = 0

    def __post_init__(self) -> None:
        self.key, self.batch_key = store.key(self.collection.pk), store.key(self.batch.pk)
        self.next_position = levels.take_positions(self.sequencer, 0).start

    def know(self, row: int, stamp: int, digest: bytes, version: int) -> None:
        """Note a version that is in the store."""
        self.versions[row, stamp, digest] = version
        this = (stamp, digest, version)
        self.latest[row] = max(self.latest.get(row, this), this)

    def position(self) -> int:
        """The next position, taken."""
        taken = self.next_position
        self.sequencer.position, self.next_position = taken, taken + 1
        return taken


def place(collection: Collection, batch: Batch, ready: Sequence[Prepared], floor: int) -> list[tuple[Prepared, str]]:
    """Write what is new and say what cannot be: returns the objects in conflict, each with the reason."""
    if not ready:
        return []
    sequencer = store.lock()
    marked = levels.resolve(collection.agency_id, ready)
    work = _Work(collection, batch, sequencer, marked, int(floor))
    kinds = store.kind_ids(_kinds(ready))
    returning = _name_objects(work, ready, kinds)
    conflicts = [(one, CONFLICT) for one in ready if not _place_one(work, one, kinds[one.kind])]
    _write(work.rows, work.batch_key)
    returning.update(row for row, times in work.placed.items() if times > 1)
    levels.settle(collection, returning & work.placed.keys(), sequencer)
    definitions = [work.objects[one.stix_id] for one in ready if one.kind == "marking-definition"]
    levels.settle_definitions(collection.agency_id, definitions, sequencer)
    sequencer.save()
    return conflicts


def _place_one(work: _Work, one: Prepared, kind: int) -> bool:
    """Add the rows of one object; False when the collection has other content under its version."""
    row = work.objects[one.stix_id]
    stamp, version = _version(work, row, one)
    if work.places.get((row, stamp), one.digest) != one.digest:
        return False
    if version is None:
        version = _add_version(work, one, row, stamp)
    work.rows.assertions.add(version)
    if (row, stamp) not in work.places:
        work.places[row, stamp] = one.digest
        work.placed[row] += 1
        marking = work.marked[one.index]
        level = max(work.floor, levels.effective(work.collection, marking))
        place = (work.position(), work.key, row, version, kind, work.batch_key, marking, level, work.floor, True, True)
        work.rows.members.append(place)
    return True


def _kinds(ready: Sequence[Prepared]) -> set[str]:
    """The types of all objects and of all that they refer to."""
    return {one.kind for one in ready} | {type_of(end) for one in ready for edge in one.edges for end in edge[:2]}


def _name_objects(work: _Work, ready: Sequence[Prepared], kinds: dict[str, int]) -> set[int]:
    """Find or make the row of every identifier that is said; returns the rows of objects that were known before."""
    said = {one.stix_id for one in ready}
    said.update(end for one in ready for edge in one.edges for end in edge[:2])
    work.objects.update(store.select("SELECT stix_id, id FROM threats_stixobject WHERE stix_id IN ({keys})", said))
    returning = {work.objects[one.stix_id] for one in ready if one.stix_id in work.objects}
    missing = sorted(said - work.objects.keys())
    first = work.sequencer.last_object + 1
    work.sequencer.last_object += len(missing)
    work.objects.update(zip(missing, range(first, first + len(missing)), strict=True))
    store.insert("stixobject", ("id", "stix_id", "kind_id"), [(work.objects[n], n, kinds[type_of(n)]) for n in missing])
    for row, stamp, digest, version in store.select(_VERSIONS, returning):
        work.know(row, stamp, bytes(digest), version)
    for row, stamp, digest in store.select(_PLACED, returning, work.key):
        work.places[row, stamp] = bytes(digest)
    return returning


def _version(work: _Work, row: int, one: Prepared) -> tuple[int, int | None]:
    """The object's stamp, and the row of that version if it is here already."""
    if one.stamp is not None:
        return one.stamp, work.versions.get((row, one.stamp, one.digest))
    latest = work.latest.get(row)
    if latest is not None and latest[1] == one.digest:
        return latest[0], latest[2]
    return work.next_position, None


def _add_version(work: _Work, one: Prepared, row: int, stamp: int) -> int:
    """The rows that describe a version which was not here."""
    work.sequencer.last_version += 1
    version = work.sequencer.last_version
    work.know(row, stamp, one.digest, version)
    rows, objects = work.rows, work.objects
    rows.versions.append(
        (version, row, stamp, one.digest, one.raw, one.spec_version, one.is_revoked, one.confidence, one.name)
    )
    rows.edges += [(objects[source], objects[target], label, version) for source, target, label in one.edges]
    rows.terms += [(value, kind, version) for value, kind in one.terms]
    rows.words.append((version, one.text))
    return version


def _write(rows: _Rows, batch: object) -> None:
    """Insert everything."""
    columns = "id object_id stamp digest raw spec_version is_revoked confidence name"
    store.insert("version", columns.split(), rows.versions)
    columns = "position collection_id object_id version_id kind_id batch_id marking level floor is_last is_first"
    store.insert("member", columns.split(), rows.members)
    store.insert("assertion", ("version_id", "batch_id"), [(version, batch) for version in sorted(rows.assertions)])
    store.insert("edge", ("source_id", "target_id", "label", "via_id"), rows.edges)
    store.insert("term", ("value", "kind", "version_id"), rows.terms)
    fulltext.insert(rows.words)
