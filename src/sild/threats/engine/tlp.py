"""TLP markings in STIX: the five of TLP 2.0 (OASIS extension) and the four of TLP 1 (STIX 2.1, section 7.2.1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# From the most open to the most closed; where several markings apply, the most closed one counts.
LEVELS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP2 = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
# TLP 1 has no AMBER+STRICT. Its AMBER let a receiver share with clients, as TLP 2.0's AMBER does (FIRST TLP 2.0).
TLP1 = {
    "CLEAR": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "GREEN": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "AMBER": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "RED": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
LEVEL_OF = {identifier: level for table in (TLP2, TLP1) for level, identifier in table.items()}
_LEGACY_NAME = {"CLEAR": "white", "GREEN": "green", "AMBER": "amber", "RED": "red"}
# What TLP 1 can say without opening what was closed.
_TO_TLP1 = {**{level: level for level in TLP1}, "AMBER+STRICT": "RED"}


def rank(level: str) -> int:
    """How closed a level is, 0 for CLEAR.

    Raises:
        ValueError: there is no such level.
    """
    return LEVELS.index(level)


def strictest(levels: Iterable[str], default: str) -> str:
    """The most closed of these levels; `default` when there are none."""
    return max(levels, key=rank, default=default)


def level(stix: Mapping[str, Any], default: str) -> str:
    """The level of an object by its `object_marking_refs` and granular markings, the most closed one.

    A marking on a part of the object counts for all of it, because objects are passed on whole.

    Args:
        stix: a STIX 2.1 object.
        default: the level of an object that says nothing of TLP.
    """
    refs = [*_texts(stix.get("object_marking_refs"))]
    granular = stix.get("granular_markings")
    refs += [str(part.get("marking_ref")) for part in granular if isinstance(part, dict)] if granular else []
    return strictest((LEVEL_OF[ref] for ref in refs if ref in LEVEL_OF), default)


def level_of_definition(stix: Mapping[str, Any]) -> str | None:
    """The level that a marking definition stands for, under whatever id; None when it is not about TLP."""
    if stix.get("id") in LEVEL_OF:
        return LEVEL_OF[stix["id"]]
    extensions, definition = stix.get("extensions"), stix.get("definition")
    part = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    said = part.get("tlp_2_0") if isinstance(part, dict) else None
    if said is None and isinstance(definition, dict):
        said = definition.get("tlp")
    wanted = str(said).upper().removeprefix("TLP:")
    wanted = "CLEAR" if wanted == "WHITE" else wanted
    return wanted if wanted in LEVELS else None


def definition(wanted: str) -> dict[str, Any]:
    """The marking definition of a TLP 2.0 level as OASIS published it.

    Raises:
        ValueError: there is no such level.
    """
    rank(wanted)
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP2[wanted],
        "created": "2022-10-01T00:00:00.000Z",
        "name": f"TLP:{wanted}",
        "extensions": {EXTENSION: {"extension_type": "property-extension", "tlp_2_0": wanted.lower()}},
    }


def legacy_definition(wanted: str) -> dict[str, Any]:
    """The TLP 1 marking definition for readers that know no other; AMBER+STRICT becomes RED, never more open.

    Raises:
        ValueError: there is no such level.
    """
    rank(wanted)
    kept = _TO_TLP1[wanted]
    name = _LEGACY_NAME[kept]
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP1[kept],
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": f"TLP:{name.upper()}",
        "definition": {"tlp": name},
    }


def remark(stix: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    """The object marked with exactly this TLP 2.0 level; markings that are not about TLP stay.

    Raises:
        ValueError: there is no such level.
    """
    rank(wanted)
    others = [ref for ref in _texts(stix.get("object_marking_refs")) if ref not in LEVEL_OF]
    return {**stix, "object_marking_refs": [*others, TLP2[wanted]]}


def _texts(value: Any) -> list[str]:
    """The texts of a list; nothing for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
