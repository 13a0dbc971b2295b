"""Each rule of the specification that is checked refuses what breaks it."""

import copy

import pytest

from analyst.findings import bundle
from sild.analyst.engine.validate import check_bundle

pytestmark = pytest.mark.unit
GOOD = bundle()


def first(made, kind):
    return next(item for item in made["objects"] if item["type"] == kind)


def stranger(made, kind):
    mark = first(made, "marking-definition")["id"]
    identifier = first(made, "note")["id"].replace("note", kind)
    return {"type": kind, "spec_version": "2.1", "id": identifier, "object_marking_refs": [mark]}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda made: made.update(type="x"), "no STIX bundle"),
        (lambda made: made.update(objects=[]), "1 to"),
        (lambda made: made.update(objects=[1]), "1 to"),
        (lambda made: made.update(id="bundle--1"), "type--UUID"),
        (lambda made: first(made, "report").update(id="note" + first(made, "report")["id"][6:]), "another type"),
        (lambda made: made["objects"].append(first(made, "report")), "same id"),
        (lambda made: first(made, "note").update(spec_version="2.0"), "not STIX 2.1"),
        (lambda made: first(made, "note").pop("object_marking_refs"), "not marked"),
        (lambda made: first(made, "note").pop("content"), "no content"),
        (lambda made: first(made, "identity").pop("name"), "no name"),
        (lambda made: first(made, "report").update(published="yesterday"), "timestamp"),
        (lambda made: first(made, "report")["object_refs"].append("note--1"), "not in the bundle"),
        (lambda made: first(made, "indicator").update(created_by_ref="identity--1"), "not in the bundle"),
        (lambda made: first(made, "ipv4-addr").update(value="203.0.113.6"), "not the id that its content gives"),
        (lambda made: first(made, "domain-name").pop("value"), "no value"),
        (lambda made: first(made, "marking-definition").update(name="TLP:GREEN"), "as it was published"),
        (lambda made: first(made, "marking-definition").update(name="TLP:WHITE"), "no marking of TLP"),
        (lambda made: made["objects"].append(stranger(made, "x-thing")), "hold no x-thing"),
        (lambda made: made["objects"].append(stranger(made, "file")), "neither a name"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named(spoil, words):
    made = copy.deepcopy(GOOD)
    spoil(made)
    with pytest.raises(ValueError, match=words):
        check_bundle(made)


@pytest.mark.parametrize("value", [None, [], "bundle", {"type": "bundle"}])
def test_what_is_no_bundle_is_refused(value):
    with pytest.raises(ValueError, match="no STIX bundle"):
        check_bundle(value)
