"""Search under all the names of an actor."""

import pytest

from sild.threats import finding, search, writing
from sild.threats.engine import build
from sild.threats.writing import Context

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_whoever_looks_for_one_name_finds_what_was_written_of_another(publisher, hear):
    maker = build.Maker(build.identity("kyiv", "a", "b"), "2026-03-02T00:00:00.000Z", "GREEN")
    theirs = {**build.intrusion_set("UAC-9999"), "name": "UAC-0028"}
    seen = maker.indicator("198.51.100.7", "[ipv4-addr:value = '198.51.100.7']")
    hear(build.bundle([theirs, seen, maker.relationship(seen["id"], "indicates", theirs["id"])]))
    found = finding.find(publisher, search.Query(threat_actor="Fancy Bear", types=["indicator"]))
    assert [one.stix_id for one in found.items] == [seen["id"]]


def test_pages_follow_each_other_without_gaps_or_repetition(publisher):
    written = [writing.write_indicator(publisher, f"{n}.example", Context(threat_actor="APT28")) for n in "abcde"]
    query, found = search.Query(threat_actor="UAC-0001", types=["indicator"], limit=2), []
    while True:
        page = finding.find(publisher, query)
        found += [one.stix_id for one in page.items]
        if page.next is None:
            break
        query = search.Query(threat_actor="UAC-0001", types=["indicator"], limit=2, before=page.next)
    assert found == written[::-1]


def test_a_name_that_nobody_knows_is_looked_for_as_it_is(publisher):
    written = writing.write_indicator(publisher, "a.example", Context(threat_actor="Example Crew"))
    query = search.Query(threat_actor="example crew", types=["indicator"])
    assert [one.stix_id for one in finding.find(publisher, query).items] == [written]
