"""Checks a STIX 2.1 bundle by the specification's rules, as far as bundles of findings use them."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from .observables import NAMESPACE
from .tlp import marking

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_OBJECTS = 50_000
_ID = re.compile(r"[a-z0-9-]{3,250}--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z")
_COMMON = ("created", "modified", "created_by_ref")
# Sections 4 and 6: what each type cannot do without.
_DOMAIN = {
    "attack-pattern": ("name",),
    "indicator": ("pattern", "pattern_type", "valid_from"),
    "intrusion-set": ("name",),
    "malware": ("name", "is_family"),
    "note": ("content", "object_refs"),
    "relationship": ("relationship_type", "source_ref", "target_ref"),
    "report": ("name", "published", "object_refs"),
    "tool": ("name",),
    "vulnerability": ("name",),
}
_OBSERVABLES: dict[str, tuple[str, ...]] = {
    "autonomous-system": ("number",),
    "directory": ("path",),
    "domain-name": ("value",),
    "email-addr": ("value",),
    "file": (),
    "ipv4-addr": ("value",),
    "ipv6-addr": ("value",),
    "url": ("value",),
    "windows-registry-key": ("key",),
}
_FILE_CONTRIBUTES = ("name", "hashes", "parent_directory_ref")


def check_bundle(bundle: Any) -> None:
    """Check a bundle: forms, required properties, ids, closed references, markings.

    Raises:
        ValueError: naming the first object that is wrong and what is wrong with it.
    """
    if not isinstance(bundle, dict) or bundle.get("type") != "bundle" or not isinstance(bundle.get("objects"), list):
        raise ValueError("there is no STIX bundle with a list of objects")
    objects = bundle["objects"]
    if not 0 < len(objects) <= MOST_OBJECTS or not all(isinstance(item, dict) for item in objects):
        raise ValueError(f"a bundle has 1 to {MOST_OBJECTS} objects")
    _check_id(bundle)
    for item in objects:
        _check_id(item)
    ids = {item["id"] for item in objects}
    if len(ids) != len(objects):
        raise ValueError("two objects have the same id")
    for item in objects:
        _check_object(item)
        missing = sorted(set(_references(item)) - ids)
        if missing:
            raise ValueError(f"{item['id']} refers to {missing[0]}, which is not in the bundle")


def _check_id(item: dict[str, Any]) -> None:
    kind, name = item.get("type"), item.get("id")
    if not isinstance(kind, str) or not isinstance(name, str) or not _ID.fullmatch(name):
        raise ValueError(f"an object has no id of the form type--UUID: {str(name)[:80]}")
    if name.split("--")[0] != kind:
        raise ValueError(f"{name} is the id of another type than {kind}")


def _check_object(item: dict[str, Any]) -> None:
    name, kind = item["id"], item["type"]
    if item.get("spec_version") != "2.1":
        raise ValueError(f"{name} is not STIX 2.1")
    if kind == "marking-definition":
        _check_marking(item)
        return
    if not item.get("object_marking_refs"):
        raise ValueError(f"{name} is not marked")
    if kind in _OBSERVABLES:
        _require(item, _OBSERVABLES[kind])
        _check_observable(item)
    elif kind == "identity":
        _require(item, ("created", "modified", "name"))
    elif kind in _DOMAIN:
        _require(item, (*_COMMON, *_DOMAIN[kind]))
    else:
        raise ValueError(f"{name}: findings hold no {kind}")
    for member in ("created", "modified", "published", "valid_from"):
        if member in item and not _TIME.fullmatch(str(item[member])):
            raise ValueError(f"{name}: {member} is no timestamp in UTC")


def _require(item: dict[str, Any], members: tuple[str, ...]) -> None:
    for member in members:
        if item.get(member) in (None, "", []):
            raise ValueError(f"{item['id']} has no {member}")


def _check_marking(item: dict[str, Any]) -> None:
    """Only the published marking definitions of TLP 2.0, unchanged."""
    label = str(item.get("name", "")).removeprefix("TLP:")
    try:
        known = marking(label)
    except ValueError as error:
        raise ValueError(f"{item['id']} is no marking of TLP 2.0") from error
    if item != known:
        raise ValueError(f"{item['id']} is not TLP:{label} as it was published")


def _check_observable(item: dict[str, Any]) -> None:
    """The deterministic id of section 2.9, made anew from the properties that contribute to it."""
    kind = item["type"]
    if kind == "file" and not (item.get("name") or item.get("hashes")):
        raise ValueError(f"{item['id']} has neither a name nor hashes")
    contributes = _FILE_CONTRIBUTES if kind == "file" else _OBSERVABLES[kind]
    said = {member: item[member] for member in contributes if member in item}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if item["id"] != f"{kind}--{uuid.uuid5(NAMESPACE, canonical)}":
        raise ValueError(f"{item['id']} is not the id that its content gives")


def _references(item: dict[str, Any]) -> Iterator[str]:
    for member, value in item.items():
        if member.endswith("_ref"):
            yield str(value)
        elif member.endswith("_refs"):
            yield from map(str, value)
