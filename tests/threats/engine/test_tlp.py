"""Markings: both versions of TLP, both ways, and never more open than what was said."""

import pytest

from sild.threats.engine import tlp

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("level", tlp.LEVELS)
def test_each_level_has_the_marking_of_the_oasis_extension(level):
    made = tlp.definition(level)
    assert made["extensions"][tlp.EXTENSION]["tlp_2_0"] == level.lower()
    assert tlp.level_of_definition(made) == level
    assert tlp.level({"object_marking_refs": [made["id"]]}, "CLEAR") == level


@pytest.mark.parametrize(
    ("level", "legacy"),
    [("CLEAR", "white"), ("GREEN", "green"), ("AMBER", "amber"), ("AMBER+STRICT", "red"), ("RED", "red")],
)
def test_tlp_1_is_written_without_opening_anything(level, legacy):
    made = tlp.legacy_definition(level)
    assert made["definition"] == {"tlp": legacy}
    assert tlp.rank(tlp.level({"object_marking_refs": [made["id"]]}, "CLEAR")) >= tlp.rank(level)


@pytest.mark.parametrize(("legacy", "level"), [("white", "CLEAR"), ("amber", "AMBER"), ("red", "RED")])
def test_tlp_1_is_read_under_any_id(legacy, level):
    assert tlp.level_of_definition({"id": "marking-definition--x", "definition": {"tlp": legacy}}) == level


def test_a_definition_of_something_else_says_nothing_of_tlp():
    assert tlp.level_of_definition({"id": "x", "definition": {"statement": "© somebody"}}) is None


def test_the_most_closed_marking_counts_those_on_parts_too():
    stix = {
        "object_marking_refs": [tlp.TLP2["GREEN"], tlp.TLP1["AMBER"]],
        "granular_markings": [{"marking_ref": tlp.TLP2["RED"], "selectors": ["name"]}],
    }
    assert tlp.level(stix, "CLEAR") == "RED"
    assert tlp.level({}, "AMBER") == "AMBER"


def test_a_new_marking_takes_the_place_of_the_old_and_leaves_others():
    stix = {"id": "x", "object_marking_refs": [tlp.TLP1["GREEN"], "marking-definition--statement"]}
    assert tlp.remark(stix, "AMBER")["object_marking_refs"] == ["marking-definition--statement", tlp.TLP2["AMBER"]]


def test_there_is_no_other_level():
    with pytest.raises(ValueError, match="not in tuple"):
        tlp.definition("PINK")
