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
    from collections.abc import Iterable

    from sild.people.actor import Actor
    from sild.threats.models import Collection

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
        store.execute_many("DELETE FROM threats_member WHERE position = %s", [(row[0],) for row in rows])
        removed += rows
    levels.settle(found.collection, {row[2] for row in removed}, sequencer)
    sequencer.save()
    forget({row[1] for row in removed})
    audit.note(actor, "threats.remove", collection.pk, ids=list(which.ids)[:20], versions=len(removed))
    return len(removed)


def forget(versions: Iterable[int]) -> None:
    """Delete what is kept of versions that no collection holds, inside the caller's transaction."""
    orphans = [(key, bytes(raw)) for key, raw in store.select(_ORPHANS, versions)]
    keys = [(key,) for key, _raw in orphans]
    fulltext.remove((key, text_of(orjson.loads(raw))) for key, raw in orphans)
    for table, column in (("edge", "via_id"), ("term", "version_id"), ("assertion", "version_id"), ("version", "id")):
        store.execute_many(f"DELETE FROM threats_{table} WHERE {column} = %s", keys)
