"""Names of actors and malware as three languages write and inflect them."""

import pytest

from sild.analyst.engine.entities import find
from sild.analyst.engine.errors import TextError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "The Sandworm Team used Industroyer.",
            [("actor", "G0034", "Sandworm Team"), ("malware", "S0604", "Industroyer")],
        ),
        ("Fancy Bear's loader", [("actor", "G0007", "Fancy Bear's")]),
        (
            "Угруповання Гамаредон застосувало Mimikatz'ом",
            [("actor", "G0047", "Гамаредон"), ("tool", "S0002", "Mimikatz'ом")],
        ),
        ("Rühmitus kasutas Mimikatzit ja Emoteti", [("tool", "S0002", "Mimikatzit"), ("malware", "S0367", "Emoteti")]),
        ("діяльність UAC-0010", [("actor", "G0047", "UAC-0010")]),
        ("the Tor network tool", [("tool", "S0183", "Tor")]),
    ],
)
def test_a_name_is_found_with_its_ending_and_its_id(text, found):
    entities = find(text)
    assert [(entity.kind, entity.attack_id, entity.original) for entity in entities] == found
    for entity in entities:
        assert text[entity.start : entity.end] == entity.original


@pytest.mark.parametrize(
    "text",
    [
        "The net result of the route was a conti nued equation.",
        "He used carbon copies and a responder.",
        "At the ministry, nobody noticed.",
        "Page 4 and Ping followed.",
    ],
)
def test_a_word_that_is_also_a_name_is_none_by_itself(text):
    assert find(text) == []


def test_the_longest_name_counts_once():
    [entity] = find("They ran Cobalt Strike there.")
    assert (entity.name, entity.original) == ("Cobalt Strike", "Cobalt Strike")
    assert entity.as_dict()["attack_id"] == "S0154"


def test_what_is_no_text_is_refused():
    with pytest.raises(TextError):
        find("")
