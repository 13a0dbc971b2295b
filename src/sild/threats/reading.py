"""What an actor may see of objects: one object, its versions, neighbours, sightings and who said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sild.people.actor import Actor
    from sild.threats.enums import Level
    from sild.threats.models import Batch


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


def get(actor: Actor, stix_id: str, *, stamp: int | None = None) -> Found:
    """An object in its last version, or in the one of that stamp.

    Raises:
        NotFoundError: it is not here, or not for this actor.
    """
    raise NotImplementedError


def get_many(actor: Actor, stix_ids: Iterable[str]) -> dict[str, Found]:
    """The last versions of these objects that the actor may see, by id."""
    raise NotImplementedError


def versions(actor: Actor, stix_id: str) -> list[Found]:
    """Every version that the actor may see, newest first; none when there is none."""
    raise NotImplementedError


def neighbours(actor: Actor, stix_id: str, *, limit: int = 200) -> list[Neighbour]:
    """What the object is connected with, newest statements first; only edges that a visible object states."""
    raise NotImplementedError


def sightings(actor: Actor, stix_id: str, *, limit: int = 200) -> list[Found]:
    """The visible sightings of the object, newest first."""
    raise NotImplementedError


def assertions(actor: Actor, stix_id: str) -> list[Batch]:
    """Who said this, newest first: the batches that contained a version of it that the actor may see."""
    raise NotImplementedError
