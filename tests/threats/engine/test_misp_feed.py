"""MISP's feed format."""

import pytest

from sild.threats.engine import misp_feed
from threats.examples import YARA, indicator

pytestmark = pytest.mark.unit


def entry(value, level="GREEN", **more):
    return misp_feed.Entry({**indicator(value, level), **more}, level, 1_772_323_200)


def made(*entries):
    return misp_feed.event("tallinn", "cert", "2026-03-01", entries)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("203.0.113.5", "ip-dst"), ("a.example", "domain"), ("https://a.example/x", "url"), ("ab" * 16, "md5")],
)
def test_each_value_has_misps_type(value, kind):
    [attribute] = made(entry(value))["Attribute"]
    assert (attribute["type"], attribute["value"], attribute["to_ids"]) == (kind, value, True)


def test_a_rule_is_an_attribute_and_what_misp_has_no_type_for_is_left_out():
    assert made(entry("a.example", pattern=YARA, pattern_type="yara"))["Attribute"][0]["type"] == "yara"
    registry = "[windows-registry-key:key = 'HKLM']"
    assert made(entry("a.example", pattern=registry))["Attribute"] == []


def test_the_same_day_has_the_same_uuid_and_the_strictest_tag():
    event = made(entry("a.example", "GREEN"), entry("b.example", "AMBER+STRICT"))
    assert event["uuid"] == made(entry("c.example"))["uuid"]
    assert event["Tag"][0]["name"] == "tlp:amber+strict"
    assert set(misp_feed.manifest_entry(event)) >= {"Orgc", "timestamp", "info"}


def test_hashes_name_the_event_of_each_value():
    event = made(entry("a.example"))
    assert misp_feed.hashes([event]).endswith(f",{event['uuid']}\n")
    assert misp_feed.hashes([]) == ""
