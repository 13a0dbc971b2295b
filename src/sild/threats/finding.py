"""Search under all the names of an actor: whoever looks for APT28 finds what a partner wrote of UAC-0028."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sild.threats.engine import aliases
from sild.threats.search import MOST_RESULTS, Query, Results, search

if TYPE_CHECKING:
    from sild.people.actor import Actor


def find(actor: Actor, query: Query) -> Results:
    """What `search` finds for each name of the actor that the query names, as one page, newest first."""
    names = _names(query.threat_actor)
    if len(names) < 2:  # noqa: PLR2004 -- one name or none is an ordinary search
        return search(actor, query)
    limit = max(1, min(query.limit, MOST_RESULTS))
    pages = [search(actor, replace(query, threat_actor=name, limit=limit)) for name in names]
    once = {(item.stix_id, item.version_id): item for page in pages for item in page.items}
    items = sorted(once.values(), key=lambda item: item.position, reverse=True)
    more = len(items) > limit or any(page.next is not None for page in pages)
    return Results(items[:limit], items[:limit][-1].position if more and items else None)


def _names(name: str) -> list[str]:
    """A name with the other names of the actors that it stands for, each spelling once."""
    known = [other for actor in aliases.find(name) for other in (*actor.names, actor.attack)] if name.strip() else []
    return list({one.lower(): one for one in [name, *known] if one}.values())
