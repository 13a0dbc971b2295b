"""Rules of STIX 2.1 that concern several properties of one object, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sild.threats.engine import checks, formats, patterns
from sild.threats.engine.flaws import Flaw, wrong
from sild.threats.engine.identifiers import deterministic_id
from sild.threats.engine.markings import TLP2_EXTENSION
from sild.threats.engine.times import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sild.threats.engine.flaws import Flaws

Item = dict[str, Any]
# Property, what it must not be earlier than, and whether it must be later.
ORDERED: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "campaign": (("last_seen", "first_seen", False),),
    "indicator": (("valid_until", "valid_from", True),),
    "infrastructure": (("last_seen", "first_seen", False),),
    "intrusion-set": (("last_seen", "first_seen", False),),
    "malware": (("last_seen", "first_seen", False),),
    "malware-analysis": (("analysis_ended", "analysis_started", False),),
    "network-traffic": (("end", "start", False),),
    "observed-data": (("last_observed", "first_observed", False),),
    "relationship": (("stop_time", "start_time", True),),
    "sighting": (("last_seen", "first_seen", False),),
    "threat-actor": (("last_seen", "first_seen", False),),
}
# Of these at least one has to be there.
ONE_OF: dict[str, tuple[str, ...]] = {
    "artifact": ("payload_bin", "url"),
    "file": ("hashes", "name"),
    "malware-analysis": ("result", "analysis_sco_refs"),
    "network-traffic": ("src_ref", "dst_ref"),
    "observed-data": ("objects", "object_refs"),
}
_SOMETHING = frozenset({"process", "user-account", "windows-registry-key", "x509-certificate"})
_BARE = frozenset({"type", "id", "spec_version", "object_marking_refs", "granular_markings", "defanged"})


def apply(item: Item) -> Flaws:
    """Every rule for the object's type; its properties have been checked one by one already."""
    kind = item["type"]
    found = [*_ordered(item, (("modified", "created", False), *ORDERED.get(kind, ()))), *_granular(item)]
    one_of = ONE_OF.get(kind)
    if one_of and not any(name in item for name in one_of):
        found += wrong(f"has neither {' nor '.join(one_of)}")
    if kind in _SOMETHING and not item.keys() - _BARE:
        found += wrong("says nothing: at least one property of its type is needed")
    for reference_flaw in _references(item):
        found.append(reference_flaw)
    special = _SPECIAL.get(kind)
    if special is not None:
        found += special(item)
    return found or None


def _ordered(item: Item, pairs: tuple[tuple[str, str, bool], ...]) -> Iterator[Flaw]:
    """Timestamps that have to follow one another."""
    for later, earlier, strictly in pairs:
        if later in item and earlier in item:
            gap = micros(item[later]) - micros(item[earlier])
            if gap < 0 or (strictly and gap == 0):
                yield Flaw(later, f"is not {'later than' if strictly else 'the same as or later than'} {earlier}")


def _references(item: Item) -> Iterator[Flaw]:
    """Section 2.5.2 of external references: something besides the source's name."""
    for index, one in enumerate(item.get("external_references", ())):
        if not ("external_id" in one or "url" in one or "description" in one):
            yield Flaw(f"external_references[{index}]", "has neither description nor url nor external_id")
        yield from (flaw.under(f"external_references[{index}]") for flaw in formats.numbered(one) or ())


def _granular(item: Item) -> Iterator[Flaw]:
    """Section 7.2.3: one marking or language, for selectors that select something."""
    for index, one in enumerate(item.get("granular_markings", ())):
        where = f"granular_markings[{index}]"
        if ("marking_ref" in one) is ("lang" in one):
            yield Flaw(where, "has not exactly one of marking_ref and lang")
        if one.get("marking_ref") == item["id"]:
            yield Flaw(where, "marks the marking with itself")
        for selector in one.get("selectors", ()):
            if not _selects(item, selector):
                yield Flaw(where, f"selects what is not there: {selector[:60]}")


def _selects(item: Any, selector: str) -> bool:
    """Whether a selector finds something (section 7.2.3.1)."""
    for step in selector.split("."):
        if step.startswith("[") and step.endswith("]") and step[1:-1].isdecimal() and isinstance(item, list):
            index = int(step[1:-1])
            if index >= len(item):
                return False
            item = item[index]
        elif isinstance(item, dict) and step in item:
            item = item[step]
        else:
            return False
    return True


def observable(item: Item) -> list[Flaw]:
    """Section 2.9: an identifier of version 5 should be the one that the content gives."""
    if item["id"][-22:-21] != "5":
        return []
    if item["type"] == "process":
        return [Flaw("id", "of a process is a UUID of version 4", is_error=False)]
    try:
        expected = deterministic_id(item)
    except ValueError as error:
        return [Flaw("id", f"cannot be made anew: {error}", is_error=False)]
    if expected is None or expected == item["id"].lower():
        return []
    return [Flaw("id", f"is not the one that its content gives, {expected}", is_error=False)]


def _indicator(item: Item) -> list[Flaw]:
    """Section 4.7."""
    if item["pattern_type"] != "stix":
        return []
    if len(item["pattern"]) > patterns.MOST_CHARACTERS:
        return [Flaw("pattern", "is too long to be read here", is_error=False)]
    return [Flaw("pattern", f"is no STIX pattern: {error}") for error in patterns.errors_of(item["pattern"])]


def _location(item: Item) -> list[Flaw]:
    """Section 4.10."""
    found: list[Flaw] = []
    if not ("region" in item or "country" in item or ("latitude" in item and "longitude" in item)):
        found += wrong("has neither region nor country nor latitude and longitude")
    if ("latitude" in item) is not ("longitude" in item):
        found += wrong("has only one of latitude and longitude")
    if "precision" in item and "latitude" not in item:
        found += wrong("needs latitude and longitude", "precision")
    return found


def _malware(item: Item) -> list[Flaw]:
    """Section 4.11: a family has a name."""
    return wrong("is missing, which a family needs", "name") if item["is_family"] and "name" not in item else []


def _observed_data(item: Item) -> list[Flaw]:
    """Section 4.14."""
    return wrong("has both objects and object_refs") if "objects" in item and "object_refs" in item else []


def _artifact(item: Item) -> list[Flaw]:
    """Section 6.1."""
    found = wrong("has both payload_bin and url") if "payload_bin" in item and "url" in item else []
    if "url" in item and "hashes" not in item:
        found += wrong("are missing, which a url needs", "hashes")
    if "decryption_key" in item and "encryption_algorithm" not in item:
        found += wrong("needs an encryption_algorithm", "decryption_key")
    return found


def _email(item: Item) -> list[Flaw]:
    """Section 6.6."""
    if item["is_multipart"] and "body" in item:
        return wrong("is not allowed when is_multipart is true", "body")
    if not item["is_multipart"] and "body_multipart" in item:
        return wrong("is not allowed when is_multipart is false", "body_multipart")
    parts = enumerate(item.get("body_multipart", ()))
    return [
        Flaw(f"body_multipart[{index}]", "has neither body nor body_raw_ref")
        for index, part in parts
        if "body" not in part and "body_raw_ref" not in part
    ]


def _traffic(item: Item) -> list[Flaw]:
    """Section 6.12."""
    return wrong("is not allowed while is_active is true", "end") if item.get("is_active") and "end" in item else []


def _marking(item: Item) -> list[Flaw]:
    """Section 7.2.1."""
    found: list[Flaw] = []
    if item["id"] in item.get("object_marking_refs", ()):
        found += wrong("marks the marking with itself", "object_marking_refs")
    kind, definition = item.get("definition_type"), item.get("definition")
    if (kind is None) is not (definition is None):
        found += wrong("has only one of definition_type and definition")
    elif kind is None and not item.get("extensions"):
        found += wrong("has neither definition nor extensions")
    expected = {"statement": "statement", "tlp": "tlp"}.get(str(kind))
    if expected and not (isinstance(definition, dict) and isinstance(definition.get(expected), str)):
        found += wrong(f"has no {expected}", "definition")
    extension = (item.get("extensions") or {}).get(TLP2_EXTENSION)
    if extension is not None and not isinstance(extension.get("tlp_2_0"), str):
        found += wrong("has no tlp_2_0", "extensions")
    return found


def _language_content(item: Item) -> list[Flaw]:
    """Section 7.1: a dictionary of languages, each a dictionary of properties."""
    contents = item["contents"]
    if not isinstance(contents, dict) or not contents:
        return wrong("is no dictionary of languages", "contents")
    found = [
        Flaw(f"contents.{language}", "is no dictionary of properties")
        for language, texts in contents.items()
        if not isinstance(texts, dict) or not texts
    ]
    return found + [flaw.under("contents") for language in contents for flaw in checks.language(language) or ()]


_SPECIAL: dict[str, Callable[[Item], list[Flaw]]] = {
    "artifact": _artifact,
    "email-message": _email,
    "indicator": _indicator,
    "language-content": _language_content,
    "location": _location,
    "malware": _malware,
    "marking-definition": _marking,
    "network-traffic": _traffic,
    "observed-data": _observed_data,
}
