"""The form of a bundle that travels in a record (STIX 2.1, section 8); single objects are judged by the store."""

from __future__ import annotations

from typing import Any

# More would not fit into a record, which holds 4 MiB at most on its way.
MOST = 20_000
BESIDE_A_SIGHTING = frozenset({"sighting", "identity", "observed-data", "marking-definition", "location"})
BESIDE_AN_OPINION = frozenset({"opinion", "note", "identity", "marking-definition"})


def check_bundle(body: dict[str, Any], *, needs: str = "", allows: frozenset[str] = frozenset()) -> None:
    """Check that a body is a bundle of objects with types and ids.

    Args:
        body: the record's body.
        needs: a type of which there is at least one object.
        allows: the types that there may be; all when it is empty.

    Raises:
        ValueError: with a sentence.
    """
    if body.get("type") != "bundle" or not str(body.get("id", "")).startswith("bundle--"):
        raise ValueError("the body is a STIX 2.1 bundle: “type” is “bundle” and “id” begins with bundle--")
    objects = body.get("objects")
    if set(body) - {"type", "id", "objects"} or not isinstance(objects, list) or not 0 < len(objects) <= MOST:
        raise ValueError(f"the bundle has “objects”, 1 to {MOST} of them, and nothing else")
    for place, item in enumerate(objects):
        if not isinstance(item, dict) or not str(item.get("id", "")).startswith(f"{item.get('type')}--"):
            raise ValueError(f"objects.{place} is no STIX object: its id begins with its type")
    types = {item["type"] for item in objects}
    if needs and needs not in types:
        raise ValueError(f"there is no object of type {needs} in the bundle")
    if allows and types - allows:
        raise ValueError(f"the bundle holds a {min(types - allows)}, which does not belong there")
