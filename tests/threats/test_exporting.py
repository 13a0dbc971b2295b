"""What a reader may see, for others' tools."""

import csv

import pytest
import stix2

from sild.threats import exporting, misp, search, writing
from sild.threats.enums import Level
from sild.threats.writing import Context
from threats.examples import SIGMA

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ALL = search.Query()


@pytest.fixture
def written(publisher):
    green = writing.write_indicator(publisher, "evil[.]example", Context(tlp="GREEN", confidence=80, labels=["=1+1"]))
    amber = writing.write_indicator(publisher, "203.0.113.5", Context(tlp="AMBER"))
    red = writing.write_indicator(publisher, "203.0.113.6", Context(tlp="RED"))
    return green, amber, red


def test_oasis_own_library_reads_the_bundle_and_red_is_not_in_it(publisher, written):
    parsed = stix2.parse(exporting.stix_bundle(publisher, ALL), allow_custom=True)
    assert {item.id for item in parsed.objects if item.type == "indicator"} == set(written[:2])
    assert {item.name for item in parsed.objects if item.type == "marking-definition"} >= {"TLP:GREEN", "TLP:AMBER"}


def test_a_ceiling_leaves_out_what_is_above(publisher, written):
    text = exporting.csv_text(publisher, ALL, Level.GREEN)
    [row] = csv.DictReader(text.splitlines())
    assert (row["type"], row["value"], row["tlp"], row["score"]) == ("domain-name", "evil.example", "GREEN", "80")


def test_no_cell_is_a_formula(publisher, written):
    assert "'=1+1" in exporting.csv_text(publisher, ALL)


def test_a_rule_has_its_text_as_value(publisher):
    writing.write_rule(publisher, "sigma", SIGMA, Context(tlp="GREEN"))
    [row] = csv.DictReader(exporting.csv_text(publisher, ALL).splitlines())
    assert row["type"] == "sigma"


def test_a_misp_event_has_the_same_values(publisher, written):
    event = exporting.misp_event(publisher, search.Query(types=["indicator"]))["Event"]
    assert {one["value"] for one in event["Attribute"]} == {"evil.example", "203.0.113.5"}
    assert misp.to_stix({"Event": event}, "AMBER")


def test_every_page_is_walked_up_to_the_limit(publisher, written, monkeypatch):
    monkeypatch.setattr(search, "MOST_RESULTS", 1)
    assert len(list(exporting.found(publisher, ALL))) == 3
    monkeypatch.setattr(exporting, "MOST", 2)
    assert len(list(exporting.found(publisher, ALL))) == 2
