"""Sightings and feedback go back to whoever shared the object."""

import pytest

from sild.exchange.models import Record
from sild.people.errors import NotAllowedError
from sild.threats import answering, reading, standing, writing
from sild.threats.desk_errors import SharingError
from sild.threats.engine import build
from sild.threats.writing import Context
from threats.examples import indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def said(hear):
    made = indicator("198.51.100.7", "AMBER", confidence=80)
    return made["id"], hear(build.bundle([made]), tlp="AMBER", audience=["tallinn"])


def test_a_sighting_answers_the_record_under_its_marking_for_its_issuer_alone(publisher, said):
    stix_id, record = said
    [told] = answering.report_sighting(publisher, stix_id, count=3, description="on a proxy")
    assert (told.kind, told.answers_id, told.tlp, told.audience) == ("threats.sighting", record.pk, "AMBER", ["kyiv"])
    [sighting] = [item for item in told.body["objects"] if item["type"] == "sighting"]
    assert (sighting["count"], sighting["sighting_of_ref"]) == (3, stix_id)


def test_a_sighting_starts_the_worth_again(publisher, said):
    stix_id, _record = said
    found = reading.get(publisher, stix_id)
    before = standing.worth(found, [])
    answering.report_sighting(publisher, stix_id)
    after = standing.worth(found, reading.sightings(publisher, stix_id))
    assert before.score < after.score == after.base == 80
    assert after.seen == 1


def test_a_partners_sighting_of_ours_counts(publisher, hear):
    mine = writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    maker = build.Maker(build.identity("kyiv", "a", "b"), "2026-03-02T00:00:00.000Z", "GREEN")
    hear(build.bundle([maker.identity, maker.sighting(mine, 2)]), kind="threats.sighting")
    assert [one.content["count"] for one in reading.sightings(publisher, mine)] == [2]


def test_what_nobody_shared_is_noted_here_alone(publisher):
    mine = writing.write_indicator(publisher, "evil.example", Context())
    assert answering.report_sighting(publisher, mine) == []
    assert not Record.objects.exists()


def test_nobody_is_told_of_what_is_not_to_be_told(publisher, said):
    assert answering.report_sighting(publisher, said[0], tell=False) == []


def test_feedback_needs_an_opinion_and_a_reason(publisher, said):
    for opinion, explanation in (("great", "x"), ("agree", " ")):
        with pytest.raises(SharingError, match="Choose an opinion"):
            answering.give_feedback(publisher, said[0], opinion, explanation)
    [told] = answering.give_feedback(publisher, said[0], "agree", "It blocked two visits.")
    assert told.kind == "threats.feedback"


def test_a_viewer_answers_nothing(viewer, said):
    with pytest.raises(NotAllowedError):
        answering.report_sighting(viewer, said[0])
