"""Takes objects out of a collection; what no collection holds any more is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from django.db import transaction

from sild.people import audit
from sild.threats import fulltext, levels, pages, store
from sild.threats.access import access
from sild.threats.engine.prepared import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sild.people.actor import Actor
    from sild.threats.models import Collection, Member, Sequencer

_ORPHANS = """SELECT v.id, v.raw FROM threats_version v WHERE v.id IN ({keys})
 AND NOT EXISTS (SELECT 1 FROM threats_member m WHERE m.version_id = v.id)"""


@transaction.atomic
def remove_objects(actor: Actor, collection: Collection, which: pages.Filter) -> int:
    """Take the versions that a filter selects out of a collection; returns how many there were.

    Raises:
        NotFoundError: the actor may not use the collection.
        RefusedError: the actor may not both read and write it.
    """
    found = access(actor, collection.pk).require_read().require_write()
    sequencer = store.lock()
    removed: list[tuple[int, int, int]] = []
    while rows := pages.version_rows(found, which):
        _delete(rows)
        removed += rows
    # Only now: what is settled has other first and last versions, which the filter would select next.
    _settle(found.collection, removed, sequencer)
    audit.note(actor, "threats.remove", collection.pk, ids=list(which.ids)[:20], versions=len(removed))
    return len(removed)


def remove_members(collection: Collection, members: Sequence[Member]) -> None:
    """Take these members of a collection out, inside the caller's transaction."""
    sequencer = store.lock()
    rows = [(one.position, one.version_id, one.object_id) for one in members]
    _delete(rows)
    _settle(collection, rows, sequencer)


def _delete(rows: Sequence[tuple[int, ...]]) -> None:
    """Delete the places in rows of (position, version, object)."""
    store.execute_many("DELETE FROM threats_member WHERE position = %s", [row[:1] for row in rows])


def _settle(collection: Collection, rows: Sequence[tuple[int, int, int]], sequencer: Sequencer) -> None:
    """After a deletion: settle what is left of each object, and forget what has no place any more."""
    levels.settle(collection, {row[2] for row in rows}, sequencer)
    sequencer.save()
    _forget({row[1] for row in rows})


def _forget(versions: Iterable[int]) -> None:
    """Delete what is kept of versions that no collection holds."""
    orphans = [(key, bytes(raw)) for key, raw in store.select(_ORPHANS, versions)]
    keys = [(key,) for key, _raw in orphans]
    fulltext.remove((key, text_of(orjson.loads(raw))) for key, raw in orphans)
    for table, column in (("edge", "via_id"), ("term", "version_id"), ("assertion", "version_id"), ("version", "id")):
        store.execute_many(f"DELETE FROM threats_{table} WHERE {column} = %s", keys)
