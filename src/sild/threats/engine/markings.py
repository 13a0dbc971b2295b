"""TLP in STIX objects: the marking definitions of TLP 1 and 2.0, mapped to one scale of five levels."""

from __future__ import annotations

from typing import Any

CLEAR, GREEN, AMBER, AMBER_STRICT, RED = range(5)
TLP2_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
# STIX 2.1, section 7.2.1.4, and the extension for TLP 2.0 that OASIS publishes; TLP:WHITE of TLP 1 is TLP:CLEAR.
PUBLISHED = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": CLEAR,
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": GREEN,
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": AMBER,
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": RED,
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": CLEAR,
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": GREEN,
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": AMBER,
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": AMBER_STRICT,
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": RED,
}
_WORDS = {
    "white": CLEAR,
    "clear": CLEAR,
    "green": GREEN,
    "amber": AMBER,
    "amber+strict": AMBER_STRICT,
    "red": RED,
}


def level_of_definition(definition: dict[str, Any]) -> int | None:
    """The level that a marking definition gives; None when it is no TLP marking. A TLP unknown to us counts as RED."""
    published = PUBLISHED.get(definition.get("id", ""))
    if published is not None:
        return published
    extensions = definition.get("extensions")
    extension = extensions.get(TLP2_EXTENSION) if isinstance(extensions, dict) else None
    if isinstance(extension, dict):
        return _WORDS.get(str(extension.get("tlp_2_0")).lower(), RED)
    if definition.get("definition_type") == "tlp":
        inner = definition.get("definition")
        return _WORDS.get(str(inner.get("tlp")).lower(), RED) if isinstance(inner, dict) else RED
    return None


def markings_of(item: dict[str, Any]) -> set[str]:
    """The markings of an object and of any part of it: one that holds for a part is obeyed for the whole."""
    granular = item.get("granular_markings", ())
    return {*item.get("object_marking_refs", ()), *(one["marking_ref"] for one in granular if "marking_ref" in one)}
