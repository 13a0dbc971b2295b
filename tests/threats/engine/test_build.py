"""Objects as people write them."""

import json
from datetime import UTC, datetime

import pytest
import stix2

from sild.threats.engine import build

pytestmark = pytest.mark.unit
MAKER = build.Maker(build.identity("tallinn", "cert", "Example CERT"), "2026-03-01T09:00:00.000Z", "AMBER")


@pytest.mark.parametrize(
    "made",
    [
        MAKER.identity,
        MAKER.indicator("x", "[ipv4-addr:value = '203.0.113.5']", confidence=0, labels=[], description=""),
        MAKER.indicator("x", "rule a { condition: true }", "yara"),
        MAKER.report("x", [MAKER.identity["id"]]),
        MAKER.course_of_action("x"),
        MAKER.relationship(MAKER.identity["id"], "related-to", MAKER.identity["id"]),
        MAKER.sighting(build.technique("T1059")["id"], 3),
        MAKER.opinion(MAKER.identity["id"], "agree", "because"),
        build.technique("t1059.001"),
        build.intrusion_set("UAC-0010"),
        build.intrusion_set("nobody knows"),
    ],
    ids=lambda made: made["type"],
)
def test_oasis_own_library_takes_every_object(made):
    again = json.loads(stix2.parse(json.dumps(made)).serialize())
    # Their library writes whole seconds without a fraction in some properties.
    assert again == json.loads(json.dumps(made).replace(".000Z", "Z")) or again == {
        **made,
        **{name: again[name] for name in ("valid_from", "published") if name in made},
    }


def test_a_confidence_of_zero_is_said_and_what_is_empty_is_not():
    made = MAKER.indicator("x", "p", confidence=0, labels=[], description="")
    assert made["confidence"] == 0
    assert not {"labels", "description"} & set(made)


def test_two_nodes_that_write_a_technique_or_an_actor_write_the_same_object():
    assert build.technique("T1059") == build.technique("t1059")
    assert build.intrusion_set("UAC-0010") == build.intrusion_set("Gamaredon")
    assert build.intrusion_set("UAC-0056")["name"] == "UAC-0056"


def test_a_bundle_holds_each_version_once():
    assert len(build.bundle([MAKER.identity, MAKER.identity])["objects"]) == 1


def test_a_new_version_is_later():
    newer = build.new_version(MAKER.identity, build.stamp(datetime(2026, 3, 2, tzinfo=UTC)), revoked=True)
    assert (newer["modified"], newer["revoked"]) == ("2026-03-02T00:00:00.000Z", True)
