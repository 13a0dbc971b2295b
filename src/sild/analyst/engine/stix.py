"""Findings as a STIX 2.1 bundle: the same findings, time and marking give the same bundle."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .observables import observables, pattern
from .relations import uses
from .tlp import marking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .entities import Entity
    from .indicators import Indicator
    from .techniques import Proposal

# Section 2.9 keeps the namespace of observables for observables; everything else here is named in one of our own.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "analyst.sild.invalid")
# What these say does not depend on when it is said, so one id goes with one date of creation (section 3.2).
_ALWAYS_THE_SAME = frozenset({"identity", "attack-pattern", "vulnerability", "intrusion-set", "malware", "tool"})
_TIMELESS = "2025-01-01T00:00:00.000Z"
_ATTACK_PAGE = "https://attack.mitre.org/techniques/"
_ENTITY_TYPES = {"actor": "intrusion-set", "malware": "malware", "tool": "tool"}
_ENTITY_PAGES = {"actor": "groups", "malware": "software", "tool": "software"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where findings come from.

    Attributes:
        name: the report's title or file name.
        digest: `sha256:` and the SHA-256 of its text.
        text: the text itself; the sentences that proposals rest on are quoted from it.
        language: BCP 47, as in `uk`.
    """

    name: str
    digest: str
    text: str
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Author:
    """Who says so.

    Attributes:
        name: the node's title.
        id: the node's id; names the identity object.
        created: when, as in 2026-03-01T12:00:00.000Z.
    """

    name: str
    id: str
    created: str


def bundle(
    source: Source,
    indicators: Sequence[Indicator],
    proposals: Sequence[Proposal],
    author: Author,
    tlp: str,
    entities: Sequence[Entity] = (),
) -> dict[str, Any]:
    """A bundle with a report that ties everything to the source's hash, all marked with `tlp`.

    An actor `uses` malware or a tool only where a sentence says so; the relationship quotes it.

    Raises:
        ValueError: `tlp` is no TLP 2.0 label.
    """
    mark = marking(tlp)
    identity = _Maker(author, source, mark["id"]).identity()
    make = _Maker(author, source, mark["id"], identity["id"])
    found = {
        item["id"]: item
        for part in (
            *(make.from_indicator(indicator) for indicator in indicators),
            *(make.from_proposals(list(group)) for group in _by_technique(proposals)),
            [make.from_entity(entity) for entity in entities],
            make.relationships(entities),
        )
        for item in part
    }
    objects = [mark, identity, *found.values(), make.report(list(found) or [identity["id"]])]
    name = f"{source.digest} {tlp} {author.id} {author.created}"
    return {"type": "bundle", "id": f"bundle--{uuid.uuid5(NAMESPACE, name)}", "objects": objects}


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the objects of one bundle."""

    author: Author
    source: Source
    mark: str
    identity_id: str = ""

    def identity(self) -> dict[str, Any]:
        return self._object("identity", self.author.id, name=self.author.name, identity_class="organization")

    def from_indicator(self, found: Indicator) -> list[dict[str, Any]]:
        """Observables with the indicator object that matches the last; vulnerabilities and actors as what they are."""
        if found.kind == "cve":
            reference = {"source_name": "cve", "external_id": found.value}
            return [self._object("vulnerability", found.value, name=found.value, external_references=[reference])]
        if found.kind == "actor":
            return [self._object("intrusion-set", found.value, name=found.value)]
        items = [{**item, "object_marking_refs": [self.mark]} for item in observables(found)]
        matching = pattern(items[-1]) if items else None
        if matching:
            items.append(self._indicator(found, matching))
        return items

    def from_proposals(self, group: list[Proposal]) -> list[dict[str, Any]]:
        """The technique, and a note that quotes each sentence that it was proposed for."""
        best = max(group, key=lambda proposal: proposal.score)
        page = _ATTACK_PAGE + best.technique.replace(".", "/")
        reference = {"source_name": "mitre-attack", "external_id": best.technique, "url": page}
        pattern_ = self._object("attack-pattern", best.technique, name=best.name, external_references=[reference])
        quoted = [f"[{item.score:.2f}, {item.basis}] {self.source.text[item.start : item.end]}" for item in group]
        note = self._object(
            "note",
            f"{self.source.digest} {best.technique}",
            abstract=f"{best.technique} {best.name}: proposed with a score of {best.score:.2f}",
            content="\n\n".join(quoted),
            confidence=round(best.score * 100),
            object_refs=[pattern_["id"]],
        )
        return [pattern_, note]

    def from_entity(self, entity: Entity) -> dict[str, Any]:
        """An actor, malware or tool, with its id in ATT&CK when it has one."""
        known = {}
        if entity.attack_id:
            page = f"https://attack.mitre.org/{_ENTITY_PAGES[entity.kind]}/{entity.attack_id}"
            reference = {"source_name": "mitre-attack", "external_id": entity.attack_id, "url": page}
            known["external_references"] = [reference]
        # Whether a name stands for a family is not in the text; ATT&CK's names do (section 4.11: required).
        family = {"is_family": True} if entity.kind == "malware" else {}
        return self._object(_ENTITY_TYPES[entity.kind], entity.name, name=entity.name, **family, **known)

    def relationships(self, entities: Sequence[Entity]) -> Iterator[dict[str, Any]]:
        """`uses` between an actor and malware or a tool, with the first sentence that says so."""
        for actor, thing, sentence in uses(self.source.text, entities):
            source, target = self.from_entity(actor)["id"], self.from_entity(thing)["id"]
            yield self._object(
                "relationship",
                f"{self.source.digest} {source} {target}",
                relationship_type="uses",
                description=sentence,
                source_ref=source,
                target_ref=target,
            )

    def report(self, refs: list[str]) -> dict[str, Any]:
        """The report object that ties what was found to the text that it was found in."""
        reference = {
            "source_name": "sild-analyst",
            "description": "The text that was read, by the SHA-256 of its UTF-8 bytes",
            "external_id": self.source.digest,
        }
        return self._object(
            "report",
            self.source.digest,
            name=self.source.name,
            report_types=["threat-report"],
            published=self.author.created,
            object_refs=refs,
            external_references=[reference],
            **({"lang": self.source.language} if self.source.language != "und" else {}),
        )

    def _indicator(self, found: Indicator, matching: str) -> dict[str, Any]:
        return self._object(
            "indicator",
            f"{self.source.digest} {matching}",
            name=found.value,
            description="Read from a report; whether it is malicious is for the reader to judge.",
            indicator_types=["unknown"],
            pattern=matching,
            pattern_type="stix",
            pattern_version="2.1",
            valid_from=self.author.created,
            **({"labels": [found.scope]} if found.scope in {"example", "documentation"} else {}),
        )

    def _object(self, kind: str, key: str, /, **properties: Any) -> dict[str, Any]:
        """A domain object, named by all that it says, so that an id never stands for two versions."""
        created = _TIMELESS if kind in _ALWAYS_THE_SAME else self.author.created
        creator = {"created_by_ref": self.identity_id} if self.identity_id else {}
        said = f"{self.author.id} {self.author.name} {self.mark} {created} {kind} {key}"
        return {
            "type": kind,
            "spec_version": "2.1",
            "id": f"{kind}--{uuid.uuid5(NAMESPACE, said)}",
            **creator,
            "created": created,
            "modified": created,
            "object_marking_refs": [self.mark],
            **properties,
        }


def _by_technique(proposals: Iterable[Proposal]) -> Iterable[list[Proposal]]:
    groups: dict[str, list[Proposal]] = {}
    for proposal in proposals:
        groups.setdefault(proposal.technique, []).append(proposal)
    return groups.values()
