"""Makes STIX 2.1 objects from what people write at the desk: plain dictionaries, ready for the store."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from . import aliases, attack, tlp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

# Section 2.9 keeps the namespace of observables for observables; everything else here is named in one of our own.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "threats.sild.invalid")
# What these say does not depend on who says it or when, so two nodes that write it write the same version.
_TIMELESS = "2025-01-01T00:00:00.000Z"
PATTERN_TYPES = ("stix", "sigma", "yara", "snort", "suricata", "pcre")


def stamp(moment: datetime) -> str:
    """A STIX timestamp in milliseconds (section 2.13); `moment` is in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the objects of one author at one moment.

    Attributes:
        identity: the author's identity object.
        now: a STIX timestamp.
        level: the TLP 2.0 level that they are marked with.
    """

    identity: dict[str, Any]
    now: str
    level: str

    def indicator(self, name: str, pattern: str, pattern_type: str = "stix", **more: Any) -> dict[str, Any]:
        """An indicator (section 4.7); `more` are further properties, empty ones are left out."""
        version = {"pattern_version": "2.1"} if pattern_type == "stix" else {}
        given = {"name": name, "pattern": pattern, "pattern_type": pattern_type, **version, "valid_from": self.now}
        return self._new("indicator", {**given, **more})

    def report(self, name: str, refs: Sequence[str], **more: Any) -> dict[str, Any]:
        """A report about other objects (section 4.16)."""
        return self._new("report", {"name": name, "published": self.now, "object_refs": list(refs), **more})

    def course_of_action(self, name: str, **more: Any) -> dict[str, Any]:
        """Guidance, or a playbook in an extension (section 4.3)."""
        return self._new("course-of-action", {"name": name, **more})

    def relationship(self, source: str, label: str, target: str) -> dict[str, Any]:
        """That one object relates to another (section 5.1)."""
        return self._new("relationship", {"relationship_type": label, "source_ref": source, "target_ref": target})

    def sighting(self, of: str, count: int, **more: Any) -> dict[str, Any]:
        """That something was seen by the author (section 5.2)."""
        given = {"sighting_of_ref": of, "where_sighted_refs": [self.identity["id"]], "count": count}
        return self._new("sighting", {**given, **more})

    def opinion(self, of: str, opinion: str, explanation: str) -> dict[str, Any]:
        """What the author thinks of an object after using it (section 4.14)."""
        return self._new("opinion", {"opinion": opinion, "explanation": explanation, "object_refs": [of]})

    def _new(self, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": kind,
            "spec_version": "2.1",
            "id": f"{kind}--{uuid.uuid4()}",
            "created_by_ref": self.identity["id"],
            "created": self.now,
            "modified": self.now,
            "object_marking_refs": [tlp.TLP2[self.level]],
            **{name: value for name, value in properties.items() if value not in ("", None, [], {})},
        }


def identity(node: str, agency: str, name: str) -> dict[str, Any]:
    """The identity of an agency on a node; the same names give the same object."""
    return _timeless("identity", f"{node} {agency} {name}", name=name, identity_class="organization")


def technique(identifier: str) -> dict[str, Any]:
    """The attack-pattern that stands for an ATT&CK technique, the same on every node.

    Raises:
        KeyError: ATT&CK has no such technique.
    """
    known = attack.techniques()[identifier.upper()]
    reference = {"source_name": "mitre-attack", "external_id": known.id, "url": known.url}
    phases = [{"kill_chain_name": "mitre-attack", "phase_name": tactic} for tactic in known.tactics]
    return _timeless(
        "attack-pattern", known.id, name=known.name, external_references=[reference], kill_chain_phases=phases
    )


def intrusion_set(name: str) -> dict[str, Any]:
    """The intrusion set of a name, with the other names when exactly one actor is known by it."""
    known = aliases.find(name)
    if len(known) != 1:
        return _timeless("intrusion-set", aliases.key(name), name=name.strip())
    actor = known[0]
    reference = {"source_name": "mitre-attack", "external_id": actor.attack}
    more: dict[str, Any] = {"external_references": [reference]} if actor.attack else {}
    return _timeless("intrusion-set", actor.name, name=actor.name, aliases=list(actor.names), **more)


def new_version(stix: dict[str, Any], now: str, **changes: Any) -> dict[str, Any]:
    """The object's next version (section 3.6); only its creator makes one."""
    return {**stix, **changes, "modified": now}


def dumps(value: Any) -> bytes:
    """Compact JSON."""
    return orjson.dumps(value)


def bundle(objects: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A bundle of these objects, each once (section 8.1)."""
    once = {(item["id"], item.get("modified")): item for item in objects}
    return {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": list(once.values())}


def _timeless(kind: str, key: str, **properties: Any) -> dict[str, Any]:
    """An object that is the same whoever writes it, marked for everybody."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid5(NAMESPACE, f'{kind} {key}')}",
        "created": _TIMELESS,
        "modified": _TIMELESS,
        "object_marking_refs": [tlp.TLP2["CLEAR"]],
        **properties,
    }
