"""The different names under which actors are known: CERT-UA's UAC numbers beside those of ATT&CK.

A name can belong to several actors (UAC-0056 does, in ATT&CK), so groups are never merged because they share one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from . import attack

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor under all of its names.

    Attributes:
        name: the usual one; ATT&CK's where it has one.
        names: all of them, the usual one first.
        attack: ATT&CK's id, as in G0047; empty when it has none.
        sources: who says so, with the address where.
    """

    name: str
    names: tuple[str, ...]
    attack: str = ""
    sources: tuple[str, ...] = ()


def key(name: str) -> str:
    """What two spellings of a name have in common: `UAC 0010` and `uac-0010`, `Gamaredon` and `Gamaredon Group`."""
    plain = _PLAIN.sub("", name.casefold())
    return plain.removesuffix("group").removesuffix("team") or plain


@cache
def actors() -> tuple[Actor, ...]:
    """ATT&CK's groups with what the module's own table adds, and the actors that only the table knows."""
    known = {group["name"]: _from_attack(group["id"], group["name"], group["aliases"]) for group in attack.groups()}
    for row in orjson.loads((Path(__file__).parent / "aliases.json").read_bytes()):
        known[row["name"]] = _with(known.get(row["name"]) or Actor(row["name"], (row["name"],)), row)
    return tuple(sorted(known.values(), key=lambda actor: actor.name.casefold()))


def find(name: str) -> list[Actor]:
    """The actors that are known by this name; several when it is used for several."""
    return [actors()[place] for place in _index().get(key(name), ())]


def names_of(names: Iterable[str]) -> set[str]:
    """Every name, as `key` gives it, of the actors that one of these names stands for, these names included."""
    given = list(names)
    found = {key(other) for name in given for actor in find(name) for other in actor.names}
    return found | {key(name) for name in given}


@cache
def _index() -> dict[str, list[int]]:
    """Places in `actors()` by the key of each name."""
    index: defaultdict[str, list[int]] = defaultdict(list)
    for place, actor in enumerate(actors()):
        for one in dict.fromkeys(key(name) for name in (*actor.names, actor.attack) if name):
            index[one].append(place)
    return dict(index)


def _from_attack(identifier: str, name: str, aliases: list[str]) -> Actor:
    names = tuple(dict.fromkeys([name, *aliases]))
    return Actor(name, names, identifier, (f"MITRE ATT&CK {attack.VERSION}, {identifier}",))


def _with(actor: Actor, row: dict[str, str | list[str]]) -> Actor:
    names = tuple(dict.fromkeys([*actor.names, *row["names"]]))
    return Actor(actor.name, names, actor.attack, (*actor.sources, f"{row['source']}: {row['url']}"))
