"""Adds objects to a collection: everything is checked first, then written in one transaction in the sequencer's order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.exchange.models import Record
    from sild.people.actor import Actor
    from sild.threats.enums import Origin
    from sild.threats.models import Batch, Collection


@dataclass(frozen=True, slots=True)
class Source:
    """Where objects come from.

    Attributes:
        origin: by which way.
        name: who says so: a node, the address of a server, a file's name, a person.
        record: the record that carried them, when one did.
    """

    origin: Origin
    name: str
    record: Record | None = None


def add_objects(actor: Actor, collection: Collection, objects: Sequence[Any], source: Source) -> Batch:
    """Add STIX 2.1 objects to a collection; one bad object is told in `Batch.failures` and does not sink the others.

    What is there already in the same version and with the same content is a success and adds only an assertion.

    Args:
        actor: needs the right to write the collection.
        collection: where to.
        objects: parsed JSON, as the `objects` of a bundle; anything else than an object is a failure by index.
        source: where they come from.

    Raises:
        NotFoundError: the actor may not use the collection.
        RefusedError: the actor may not write it.
    """
    raise NotImplementedError
