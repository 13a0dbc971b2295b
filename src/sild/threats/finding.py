"""Search under all the names of an actor: whoever looks for APT28 finds what a partner wrote of UAC-0028."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sild.threats.engine import aliases
from sild.threats.search import Query, Results, search

if TYPE_CHECKING:
    from sild.people.actor import Actor


def find(actor: Actor, query: Query) -> Results:
    """What `search` finds for any name of the actor that the query names, newest first."""
    return search(actor, replace(query, aliases=_names(query.threat_actor)))


def _names(name: str) -> list[str]:
    """A name with the other names of the actors that it stands for, each spelling once."""
    known = [other for actor in aliases.find(name) for other in (*actor.names, actor.attack)] if name.strip() else []
    return list({one.lower(): one for one in [name, *known] if one}.values())
