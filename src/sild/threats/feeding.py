"""What others follow: pages of objects in the order of the sequence, and MISP's feed, both through one filter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from sild.exchange import own
from sild.people.enums import Right
from sild.threats import exporting, pages, search
from sild.threats.access import accesses
from sild.threats.engine import build, misp_feed, tlp
from sild.threats.engine.misp_feed import Entry
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from sild.threats.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.people.actor import Actor
    from sild.threats.engine.misp_feed import Event

PAGE = 500
_known: Remembered[dict[str, misp_feed.Event]] = Remembered(4)


def page(
    actor: Actor, after: int, *, ceiling: Level = Level.AMBER, kinds: Sequence[str] = (), limit: int = PAGE
) -> tuple[list[bytes], int, bool]:
    """The objects after a position that the reader may see, oldest first.

    Args:
        actor: who follows; each collection is read with the rights that they have there.
        after: the position of the last object that they have; 0 for the beginning.
        ceiling: the highest level that goes in; RED never does.
        kinds: only these types; all when it is empty.
        limit: objects in a page.

    Returns:
        the objects' bytes, the position of the last one, and whether more follow.
    """
    actor.require(Right.VIEW)
    wanted = pages.Filter(after=after, kinds=kinds, limit=limit)
    rows: list[tuple[int, bytes]] = []
    # A collection whose page ended early, by number or by weight, ends the whole page there: nothing is skipped.
    horizon = 2**63
    for access in accesses(actor):
        if access.may_read:
            narrowed = replace(access, ceiling=min(access.ceiling, ceiling, exporting.CEILING))
            found = pages.objects(narrowed, wanted)
            rows += [(int(position), bytes(raw)) for position, raw in found.rows]
            horizon = min(horizon, found.last) if found.more else horizon
    kept = sorted(row for row in rows if row[0] <= horizon)[:limit]
    more = horizon < 2**63 or len(rows) > len(kept)
    return [raw for _position, raw in kept], kept[-1][0] if kept else after, more


def bundle(objects: Sequence[bytes], levels: Sequence[str] = tlp.LEVELS) -> bytes:
    """A STIX bundle around objects' bytes as they stand, with the definitions of TLP 2.0."""
    head = build.bundle([tlp.definition(level) for level in levels])
    empty = build.dumps(head)
    return empty[:-2] + b"".join(b"," + raw for raw in objects) + empty[-2:] if objects else empty


def misp_events(actor: Actor, ceiling: Level = Level.AMBER) -> dict[str, Event]:
    """MISP events by uuid, one for each day on which indicators came in that the reader may see."""
    actor.require(Right.VIEW)
    return _known.get(actor, (actor.agency and actor.agency.slug, ceiling), lambda: _events(actor, ceiling))


def _events(actor: Actor, ceiling: Level) -> dict[str, Event]:
    """The events anew."""
    days: dict[str, list[Entry]] = {}
    for found in exporting.found(actor, search.Query(types=("indicator",)), ceiling):
        if not found.is_revoked:
            entry = Entry(found.content, found.level.tlp, int(found.added.timestamp()))
            days.setdefault(found.added.date().isoformat(), []).append(entry)
    agency = actor.agency.slug if actor.agency else ""
    made = [misp_feed.event(own.node_id(), agency, day, entries) for day, entries in sorted(days.items())]
    return {event["uuid"]: event for event in made if event["Attribute"]}


def misp_file(actor: Actor, name: str, ceiling: Level = Level.AMBER) -> bytes:
    """A file of the MISP feed: manifest.json, hashes.csv or an event's.

    Raises:
        NotFoundError: there is no such file for this reader.
    """
    events = misp_events(actor, ceiling)
    if name == "hashes.csv":
        return misp_feed.hashes(events.values()).encode()
    if name == "manifest.json":
        return build.dumps({uuid: misp_feed.manifest_entry(event) for uuid, event in events.items()})
    known: dict[str, Any] | None = events.get(name.removesuffix(".json"))
    if known is None:
        raise NotFoundError(_("There is no file %(name)s in this feed that you may see.") % {"name": name})
    return build.dumps({"Event": known})
