"""MISP's feed format: events of attributes, a manifest of them, and the hashes by which MISP finds what it has."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import tlp
from .build import NAMESPACE
from .comparisons import values_in
from .pasted import hash_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Event = dict[str, Any]
_TYPES = {
    "ipv4-addr": ("ip-dst", "Network activity"),
    "ipv6-addr": ("ip-dst", "Network activity"),
    "domain-name": ("domain", "Network activity"),
    "url": ("url", "Network activity"),
    "email-addr": ("email-src", "Payload delivery"),
}
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
_RULES = {"sigma", "yara", "snort"}
# MISP's own words: analysis completed, threat level medium.
_ANALYSIS, _THREAT_LEVEL = "2", "2"


@dataclass(frozen=True, slots=True)
class Entry:
    """An indicator of an event: the object, its TLP 2.0 level, and when it came in, in seconds since 1970."""

    stix: Mapping[str, Any]
    level: str
    added: int


def event(node: str, agency: str, day: str, entries: Sequence[Entry]) -> Event:
    """The event of one day; the same day has the same uuid, so MISP updates it."""
    owner = {"name": f"{node} {agency}".strip(), "uuid": _uuid(f"organisation {node} {agency}")}
    strictest = tlp.strictest((entry.level for entry in entries), "CLEAR")
    newest = max(entry.added for entry in entries)
    return {
        "uuid": _uuid(f"event {node} {agency} {day}"),
        "info": f"Indicators of {owner['name']}, {day}",
        "date": day,
        "analysis": _ANALYSIS,
        "threat_level_id": _THREAT_LEVEL,
        "published": True,
        "timestamp": str(newest),
        "publish_timestamp": str(newest),
        "Orgc": owner,
        "Tag": [_tag(strictest)],
        "Attribute": [attribute for entry in entries for attribute in _attributes(entry)],
    }


def manifest_entry(made: Event) -> dict[str, Any]:
    """What the manifest says of an event."""
    names = ("Orgc", "Tag", "info", "date", "analysis", "threat_level_id", "timestamp")
    return {name: made[name] for name in names}


def hashes(events: Iterable[Event]) -> str:
    """hashes.csv: the MD5 of each value with its event's uuid; MD5 because the format says so, not for safety."""
    lines = [
        f"{hashlib.md5(attribute['value'].encode(), usedforsecurity=False).hexdigest()},{made['uuid']}"
        for made in events
        for attribute in made["Attribute"]
    ]
    return "\n".join(lines) + "\n" if lines else ""


def _attributes(entry: Entry) -> Iterator[dict[str, Any]]:
    """The attributes that an indicator becomes: one for each value, or the rule."""
    stix = entry.stix
    if stix.get("pattern_type") in _RULES:
        yield _attribute(entry, str(stix["pattern_type"]), "Payload delivery", str(stix["pattern"]))
        return
    for kind, value in values_in(str(stix.get("pattern", ""))) if stix.get("pattern_type") == "stix" else ():
        named = hash_name(value)
        known = (_HASHES[named], "Payload delivery") if kind == "file" and named else _TYPES.get(kind)
        if known:
            yield _attribute(entry, known[0], known[1], value)


def _attribute(entry: Entry, kind: str, category: str, value: str) -> dict[str, Any]:
    return {
        "uuid": _uuid(f"attribute {entry.stix['id']} {value}"),
        "type": kind,
        "category": category,
        "value": value,
        "to_ids": True,
        "timestamp": str(entry.added),
        "comment": str(entry.stix.get("description") or entry.stix.get("name") or "")[:1000],
        "Tag": [_tag(entry.level)],
    }


def _tag(level: str) -> dict[str, str]:
    """MISP's taxonomy has the TLP 2.0 words."""
    colours = {"RED": "#CC0033", "AMBER": "#FFC000", "AMBER+STRICT": "#FFC000", "GREEN": "#339900", "CLEAR": "#ffffff"}
    return {"name": f"tlp:{level.lower()}", "colour": colours[level]}


def _uuid(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))
