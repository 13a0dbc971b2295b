"""Adds objects to a collection: all are checked first, then written in one transaction in the sequencer's order."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction

from sild.people import audit
from sild.threats import placing
from sild.threats.access import access
from sild.threats.engine.prepared import Prepared, prepare
from sild.threats.engine.times import text
from sild.threats.engine.validate import summary, validate
from sild.threats.enums import BatchState, Level, Origin
from sild.threats.models import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.exchange.models import Record
    from sild.people.actor import Actor
    from sild.threats.models import Collection

logger = structlog.get_logger(__name__)
# More remarks on one batch than this help nobody, and would make its row as large as the objects.
MOST_WARNINGS = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """Where objects come from.

    Attributes:
        origin: by which way.
        name: who says so: a node, the address of a server, a file's name, a person.
        record: the record that carried them, when one did.
        floor: nothing of it is shown more openly than this.
    """

    origin: Origin
    name: str
    record: Record | None = None
    floor: Level = Level.CLEAR


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
    collection = access(actor, collection.pk).require_write().collection
    started = time.perf_counter()
    batch = Batch(
        id=uuid.uuid4(),
        collection=collection,
        agency_id=actor.agency.pk if actor.agency else collection.agency_id,
        origin=source.origin,
        source=source.name[:300],
        record=source.record,
        who=actor.who,
        state=BatchState.COMPLETE,
        total=len(objects),
    )
    ready = _prepare_all(objects, batch)
    with transaction.atomic():
        batch.save(force_insert=True)
        conflicts = placing.place(collection, batch, ready, source.floor)
        batch.failures += [_line(one.index, one.stix_id, one.stamp, why) for one, why in conflicts]
        batch.failures.sort(key=lambda line: line["index"])
        batch.success_count = batch.total - len(batch.failures)
        batch.save()
        audit.note(
            actor,
            "threats.add",
            collection.pk,
            batch=str(batch.pk),
            source=batch.source,
            objects=batch.total,
            failures=len(batch.failures),
        )
    logger.info(
        "objects added",
        collection=str(collection.pk),
        batch=str(batch.pk),
        objects=batch.total,
        failures=len(batch.failures),
        seconds=round(time.perf_counter() - started, 3),
    )
    return batch


def _prepare_all(objects: Sequence[Any], batch: Batch) -> list[Prepared]:
    """Check every object; what is wrong goes into the batch's failures, what is odd into its warnings."""
    ready: list[Prepared] = []
    for index, item in enumerate(objects):
        flaws = validate(item)
        if flaws:
            refused = any(flaw.is_error for flaw in flaws)
            lines = batch.failures if refused else batch.warnings
            if refused or len(lines) < MOST_WARNINGS:
                lines.append(_line(index, _id_of(item), None, "; ".join(summary(flaws))))
            if refused:
                continue
        try:
            ready.append(prepare(index, item))
        except ValueError as error:
            batch.failures.append(_line(index, _id_of(item), None, f"the object cannot be kept: {error}"))
    return ready


def _id_of(item: Any) -> str:
    """What an object says that it is called, shortened; it may be anything."""
    return str(item.get("id", ""))[:300] if isinstance(item, dict) else ""


def _line(index: int, stix_id: str, stamp: int | None, message: str) -> dict[str, Any]:
    """What is told of one object."""
    return {"index": index, "id": stix_id, "version": "" if stamp is None else text(stamp), "message": message[:2000]}
