"""MISP's own converter, both ways."""

import pytest

from sild.threats import misp
from sild.threats.desk_errors import ImportingError
from sild.threats.engine import build, tlp
from threats.examples import MISP, indicator

pytestmark = pytest.mark.integration


def test_a_list_of_events_and_a_servers_answer_are_read():
    assert misp.to_stix([MISP], "AMBER") == misp.to_stix({"response": [MISP]}, "AMBER")


def test_an_event_without_a_tag_gets_the_level_that_was_asked_for():
    bare = {"Event": {**MISP["Event"], "Tag": []}}
    levels = {item["type"]: tlp.level(item, "") for item in misp.to_stix(bare, "AMBER+STRICT")}
    assert levels["report"] == "AMBER+STRICT"


def test_stix_becomes_an_event_that_says_the_same():
    event = misp.from_stix([build.identity("kyiv", "a", "b"), indicator("198.51.100.7", "GREEN")])["Event"]
    assert {one["value"] for one in event["Attribute"]} == {"198.51.100.7"}


def test_without_the_converter_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(misp, "find_spec", lambda _name: None)
    with pytest.raises(ImportingError, match=r"pip install sild\[misp\]"):
        misp.to_stix(MISP, "AMBER")


def test_what_the_converter_cannot_write_is_an_error_of_ours():
    with pytest.raises(ImportingError, match="cannot be written"):
        misp.from_stix([{"type": "indicator", "id": "indicator--1"}])


def test_a_converter_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(misp, "SECONDS", 0.01)
    with pytest.raises(ImportingError, match="took longer"):
        misp.to_stix(MISP, "AMBER")


def test_nothing_makes_no_event():
    with pytest.raises(ImportingError, match="Nothing was found"):
        misp.from_stix([])
