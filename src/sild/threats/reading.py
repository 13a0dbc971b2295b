"""What an actor may see of objects: one object, its versions, neighbours, sightings and who said it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from django.db.models import Q
from django.utils.translation import gettext as _

from sild.threats.access import accesses
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from sild.threats.models import Batch, Edge, Member

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from sild.people.actor import Actor

CHUNK = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """A version of an object in a collection, as an actor sees it.

    Attributes:
        raw: its bytes, JSON.
        stix_id, kind, name: as in `indicator--…`, `indicator`.
        stamp: its version in microseconds since 1970.
        added: when it was placed in the collection.
        level: the effective TLP level there.
        collection_id: where it is.
        version_id: the row's key, for `Assertion`, `Edge` and `Term`.
    """

    raw: bytes
    stix_id: str
    kind: str
    name: str
    stamp: int
    added: datetime
    level: Level
    is_revoked: bool
    collection_id: Any
    version_id: int

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


def visible(actor: Actor) -> QuerySet[Member]:
    """The places of versions that the actor may see: collection by collection, up to the ceiling in each."""
    allowed = Q(pk__in=())
    for one in accesses(actor):
        if one.may_read:
            allowed |= Q(collection=one.collection, level__lte=one.ceiling)
    return Member.objects.filter(allowed).select_related("object", "version", "kind")


def get(actor: Actor, stix_id: str, *, stamp: int | None = None) -> Found:
    """An object in its last version, or in the one of that stamp.

    Raises:
        NotFoundError: it is not here, or not for this actor.
    """
    for found in versions(actor, stix_id):
        if stamp is None or found.stamp == stamp:
            return found
    raise NotFoundError(_("There is no object %(id)s here that you may see.") % {"id": stix_id})


def get_many(actor: Actor, stix_ids: Iterable[str]) -> dict[str, Found]:
    """The last versions of these objects that the actor may see, by id, in the order in which they were asked for."""
    wanted = list(dict.fromkeys(stix_ids))
    known: dict[str, Found] = {}
    rows = visible(actor)
    for start in range(0, len(wanted), CHUNK):
        for found in _found(rows.filter(object__stix_id__in=wanted[start : start + CHUNK])):
            before = known.get(found.stix_id)
            if before is None or (found.stamp, found.level) > (before.stamp, before.level):
                known[found.stix_id] = found
    return {one: known[one] for one in wanted if one in known}


def versions(actor: Actor, stix_id: str) -> list[Found]:
    """Every version that the actor may see, newest first; none when there is none."""
    rows = sorted(_found(visible(actor).filter(object__stix_id=stix_id)), key=lambda one: (-one.stamp, -one.level))
    return list({found.version_id: found for found in reversed(rows)}.values())[::-1]


def neighbours(actor: Actor, stix_id: str, *, limit: int = 200) -> list[Neighbour]:
    """What the object is connected with, newest statements first; only edges that a visible object states."""
    edges = Edge.objects.filter(Q(source__stix_id=stix_id) | Q(target__stix_id=stix_id)).order_by("-via_id")
    fields = ("label", "source__stix_id", "target__stix_id", "via_id", "via__object__stix_id")
    rows = list(edges.values_list(*fields)[: limit * 4])
    stated = set(visible(actor).filter(version_id__in={row[3] for row in rows}).values_list("version_id", flat=True))
    kept = [row for row in rows if row[3] in stated][:limit]
    ends = get_many(actor, [end for row in kept for end in row[1:3] if end != stix_id])
    return [_neighbour(row, stix_id, ends) for row in kept]


def sightings(actor: Actor, stix_id: str, *, limit: int = 200) -> list[Found]:
    """The visible sightings of the object, newest first."""
    edges = Edge.objects.filter(target__stix_id=stix_id, via__object__kind__name="sighting")
    ids = dict.fromkeys(edges.order_by("-via_id").values_list("via__object__stix_id", flat=True)[:limit])
    return [found for found in get_many(actor, ids).values() if not found.is_revoked]


def assertions(actor: Actor, stix_id: str) -> list[Batch]:
    """Who said this, newest first: the batches that contained a version of it that the actor may see."""
    places = visible(actor).filter(object__stix_id=stix_id).values_list("version_id", "collection_id")
    said = Q(pk__in=())
    for version, collection in places:
        said |= Q(assertions__version=version, collection=collection)
    return list(Batch.objects.filter(said).select_related("record").distinct().order_by("-at"))


def _neighbour(row: tuple[Any, ...], stix_id: str, ends: dict[str, Found]) -> Neighbour:
    label, source, target, _version, via = row
    outgoing = source == stix_id
    other = target if outgoing else source
    return Neighbour(label, outgoing, via, other, ends.get(other))


def _found(rows: QuerySet[Member]) -> list[Found]:
    return [found_of(row) for row in rows]


def found_of(row: Member) -> Found:
    """A place as what stands there."""
    version = row.version
    return Found(
        raw=bytes(version.raw),
        stix_id=row.object.stix_id,
        kind=row.kind.name,
        name=version.name,
        stamp=version.stamp,
        added=_EPOCH + timedelta(microseconds=row.position),
        level=Level(row.level),
        is_revoked=version.is_revoked,
        collection_id=row.collection_id,
        version_id=version.pk,
    )
