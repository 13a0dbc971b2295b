"""Objects for tests, as other programs would send them, and the agencies and collections to put them into."""

from __future__ import annotations

import uuid

from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.threats import ingest, services
from sild.threats.engine.identifiers import deterministic_id
from sild.threats.enums import Level, Origin

CLEAR = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
STRICT = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
MARKINGS = [CLEAR, GREEN, AMBER, STRICT, RED]
FIRST = "2025-01-01T00:00:00.000Z"
SECOND = "2025-02-01T00:00:00.000Z"
THIRD = "2025-03-01T00:00:00.000Z"
SOURCE = ingest.Source(Origin.TAXII, "test")


def sdo(kind, **properties):
    values = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid4()}",
        "created": FIRST,
        "modified": FIRST,
        **properties,
    }
    return {name: value for name, value in values.items() if value is not None}


def indicator(pattern="[domain-name:value = 'evil.example']", **properties):
    values = {"name": "An indicator", "pattern": pattern, "pattern_type": "stix", "valid_from": FIRST}
    return sdo("indicator", **{**values, **properties})


def malware(name="Example malware", **properties):
    return sdo("malware", name=name, is_family=False, **properties)


def relationship(source, verb, target, **properties):
    return sdo("relationship", source_ref=source["id"], relationship_type=verb, target_ref=target["id"], **properties)


def sco(kind, **properties):
    item = {"type": kind, "spec_version": "2.1", **properties}
    return {**item, "id": deterministic_id(item) or f"{kind}--{uuid.uuid4()}"}


def marking(level, **properties):
    words = ["clear", "green", "amber", "amber+strict", "red"]
    extension = {"extension_type": "property-extension", "tlp_2_0": words[level]}
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid.uuid4()}",
        "created": FIRST,
        "extensions": {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": extension},
        **properties,
    }


def agency(slug="ria"):
    return Agency.objects.get_or_create(slug=slug, defaults={"name": slug.upper()})[0]


def somebody(role=Role.ADMINISTRATOR, slug="ria"):
    return Actor(who=f"{role.value} of {slug}", role=role, agency=agency(slug))


def collection(actor=None, title="Indicators", unmarked_as=Level.GREEN, **settings):
    return services.create_collection(actor or somebody(), title, unmarked_as=unmarked_as, **settings)


def add(where, *objects, actor=None):
    return ingest.add_objects(actor or Actor.operator(via="api"), where, list(objects), SOURCE)
