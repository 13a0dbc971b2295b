"""Validates one STIX 2.1 object: its properties by the table of its type, then the rules that join them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sild.threats.engine import rules, schema
from sild.threats.engine.checks import reference, vocabulary
from sild.threats.engine.flaws import Flaw
from sild.threats.engine.identifiers import IDENTIFIER, TYPE
from sild.threats.engine.times import micros

if TYPE_CHECKING:
    from collections.abc import Iterator

# Section 3.1: names of properties.
_PROPERTY = re.compile(r"[a-z0-9_]{3,250}", re.ASCII)
_EXTENSION = re.compile(r"extension-definition--[0-9a-f-]{36}|[a-z0-9-]{3,250}", re.ASCII)
_any_reference = reference()
_extension_type = vocabulary("extension-type-enum")


def validate(item: Any) -> list[Flaw]:
    """What is wrong with an object, errors and warnings; empty when nothing is.

    Args:
        item: parsed JSON; anything else than an object is an error, too.
    """
    if not isinstance(item, dict):
        return [Flaw("", "is no JSON object")]
    found = _identity(item)
    if found:
        return found
    if "spec_version" not in item and item["type"] not in schema.OBSERVABLES and "created" in item:
        return _older(item)
    kind = item["type"]
    form = schema.FORMS.get(kind) or _custom_form(item)
    found = [Flaw(name, "is missing") for name in form.required if name not in item]
    known = form.checks
    for name, value in item.items():
        check = known.get(name)
        flaws = check(value) if check is not None else _extra(name, value)
        if flaws:
            found += [flaw.under(name) for flaw in flaws]
    if "extensions" in item:
        found += _extensions(item["extensions"])
    if any(flaw.is_error for flaw in found):
        return found
    found += rules.apply(item) or ()
    if kind in schema.OBSERVABLES:
        found += rules.observable(item)
    return found


def _identity(item: dict[str, Any]) -> list[Flaw]:
    """The type and the identifier, without which nothing else can be said."""
    kind, name = item.get("type"), item.get("id")
    if not isinstance(kind, str) or not TYPE.fullmatch(kind):
        return [Flaw("type", "is no type: lower case letters, digits and single hyphens")]
    match = IDENTIFIER.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        return [Flaw("id", f"is no identifier of the form {kind}--UUID: {str(name)[:60]}")]
    if match[1] != kind:
        return [Flaw("id", f"is the identifier of a {match[1]}, not of a {kind}")]
    if kind == "bundle":
        return [Flaw("type", "is a bundle: send its objects")]
    return []


def _custom_form(item: dict[str, Any]) -> schema.Form:
    """A type that is not in the specification: versioned like a domain object, or bare like an observable."""
    extensions = item.get("extensions")
    kinds = (
        (one.get("extension_type") for one in extensions.values() if isinstance(one, dict))
        if isinstance(extensions, dict)
        else ()
    )
    is_domain = "modified" in item or "created" in item or any(kind in {"new-sdo", "new-sro"} for kind in kinds)
    return schema.CUSTOM_DOMAIN if is_domain else schema.CUSTOM_OBSERVABLE


def _extra(name: str, value: Any) -> list[Flaw] | None:
    """A property that the type's table does not know: its name, and identifiers where the name promises them."""
    if not _PROPERTY.fullmatch(name):
        return [Flaw("", "is no name of a property: 3 to 250 lower case letters, digits and underscores")]
    if value == []:
        return [Flaw("", "is an empty list")]
    if "_ref" not in name or not isinstance(value, str | list):
        return None
    # A warning only: ATT&CK itself has custom properties whose names promise more than they hold.
    values = value if isinstance(value, list) and name.endswith("_refs") else [value]
    return [replace(flaw, is_error=False) for one in values for flaw in _any_reference(one) or ()] or None


def _extensions(extensions: Any) -> list[Flaw]:
    """Section 3.2 and the predefined extensions of section 6."""
    if not isinstance(extensions, dict) or not extensions:
        return []  # told by the type's table
    found: list[Flaw] = []
    for name, value in extensions.items():
        where = f"extensions.{name}"
        form = schema.EXTENSIONS.get(name)
        if not _EXTENSION.fullmatch(name) or not isinstance(value, dict) or not value:
            found.append(Flaw(where, "is no extension: an identifier, and an object with at least one property"))
        elif form is not None:
            found += [flaw.under(where) for flaw in form(value) or ()]
        elif "extension_type" in value:
            found += [flaw.under(f"{where}.extension_type") for flaw in _extension_type(value["extension_type"]) or ()]
    return found


def _older(item: dict[str, Any]) -> list[Flaw]:
    """An object of STIX 2.0, which has no `spec_version`: its dates and references, and a warning."""
    checked = schema.CUSTOM_DOMAIN.checks
    found = [
        flaw.under(name)
        for name in ("created", "modified", "created_by_ref", "object_marking_refs", "external_references", "revoked")
        if name in item
        for flaw in checked[name](item[name]) or ()
    ]
    if item["type"] != "marking-definition" and "modified" not in item:
        found.append(Flaw("modified", "is missing"))
    return found or [
        Flaw("spec_version", "is missing: kept as STIX 2.0, which is checked in its outline only", is_error=False)
    ]


def stamp_of(item: dict[str, Any]) -> int | None:
    """The version of a valid object in microseconds since 1970; None for what has no versions (TAXII 2.1, 3.4.1)."""
    moment = item.get("modified") or item.get("created")
    return micros(moment) if isinstance(moment, str) and item["type"] not in schema.OBSERVABLES else None


def summary(flaws: list[Flaw]) -> Iterator[str]:
    """The flaws as clauses, errors first."""
    return (str(flaw) for flaw in sorted(flaws, key=lambda flaw: not flaw.is_error))
