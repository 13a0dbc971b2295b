"""Files of others: what goes in, and what is refused with its place."""

import orjson
import pytest

from sild.people.errors import NotAllowedError
from sild.threats import importing, reading, search
from sild.threats.desk_errors import ImportingError
from sild.threats.engine import build
from sild.threats.enums import Level
from threats.examples import MISP, indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def found(actor, **query):
    return search.search(actor, search.Query(**query)).items


@pytest.mark.parametrize("wrap", [build.bundle, list, lambda objects: objects[0]])
def test_a_bundle_a_list_and_a_single_object_are_taken_as_they_came(publisher, wrap):
    said = indicator("198.51.100.7", "GREEN")
    batch = importing.import_file(publisher, "theirs.json", orjson.dumps(wrap([said])))
    assert (batch.success_count, batch.source) == (1, "theirs.json")
    assert reading.get(publisher, said["id"]).content == said


def test_one_bad_object_is_named_and_does_not_sink_the_others(publisher):
    data = orjson.dumps([{"type": "indicator", "id": "indicator--1"}, indicator("198.51.100.7", "GREEN")])
    batch = importing.import_file(publisher, "x.json", data)
    assert batch.success_count == 1
    assert batch.failures[0]["index"] == 0


def test_a_csv_file_becomes_indicators_with_techniques_times_and_markings(publisher):
    text = (
        "value,confidence,tlp,technique,valid_from,tags,comment\n"
        "203.0.113[.]5,70,TLP:WHITE,T1071.001,2026-03-01,c2|proxy,a host\n"
        "evil[.]example,,,,,,\n"
    )
    importing.import_file(publisher, "list.csv", text.encode(), level="GREEN")
    [first] = found(publisher, value="203.0.113.5")
    assert (first.level, first.content["confidence"], first.content["labels"]) == (Level.CLEAR, 70, ["c2", "proxy"])
    assert first.content["valid_from"] == "2026-03-01T00:00:00.000Z"
    assert first.stix_id in {one.stix_id for one in found(publisher, technique="T1071.001")}
    assert found(publisher, value="evil.example")[0].level is Level.GREEN


def test_a_misp_event_becomes_stix_under_the_events_marking(publisher):
    importing.import_file(publisher, "event.json", orjson.dumps(MISP))
    levels = {one.name or one.kind: one.level for one in found(publisher)}
    assert levels["Example event"] is Level.GREEN
    assert found(publisher, value="203.0.113.5", types=["indicator"])[0].level is Level.GREEN
    assert found(publisher, value="evil.example")[0].level is Level.AMBER


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "not JSON"),
        (b'{"a": 1}', "neither a STIX bundle"),
        (b"value\n\xff\xfe\n", "not UTF-8"),
        (b"a,b\n1,2\n", "Say which column"),
        (b"value\nwhat?\n", "Line 2: “what.” is no address"),
        (b"value,confidence\nevil.example,very\n", "Line 2: a confidence"),
        (b"value,valid_from\nevil.example,soon\n", "Line 2: “soon” is no time"),
        (b'value\n"' + b"x" * 200_000, "The CSV file is broken"),
        (b'{"Event": {"Attribute": [5]}}', "cannot be read"),
    ],
)
def test_what_is_not_what_it_is_said_to_be_is_refused_whole(publisher, data, words):
    with pytest.raises(ImportingError, match=words):
        importing.import_file(publisher, "file", data)
    assert found(publisher) == []


def test_too_large_a_file_or_no_marking_is_refused(publisher, monkeypatch):
    monkeypatch.setattr(importing, "MOST_BYTES", 3)
    with pytest.raises(ImportingError, match="larger"):
        importing.import_file(publisher, "x", b"1234")
    with pytest.raises(ImportingError, match="no TLP"):
        importing.import_file(publisher, "x", b"1", level="PINK")


def test_a_viewer_imports_nothing(viewer):
    with pytest.raises(NotAllowedError):
        importing.import_file(viewer, "x", b"[]")
