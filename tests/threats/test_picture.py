"""An object's neighbours, its timeline and what others think of it."""

import pytest

from sild.threats import answering, picture, reading, standing, writing
from sild.threats.engine import build, cacao
from sild.threats.writing import Context
from threats.examples import PLAYBOOK, indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_all_neighbours_are_listed_and_as_many_as_fit_are_drawn(publisher):
    about = [writing.write_indicator(publisher, f"n{number}.example", Context()) for number in range(12)]
    report = writing.write_report(publisher, "r", Context(about=about))
    around = picture.neighbourhood(publisher, reading.get(publisher, report))
    assert (len(around.neighbours), len(around.drawn), around.hidden) == (12, 10, 0)
    assert around.summary == "object_refs (12)"


def test_a_neighbour_that_is_not_here_is_counted_and_not_named(publisher, hear):
    maker = build.Maker(build.identity("kyiv", "a", "b"), "2026-03-02T00:00:00.000Z", "GREEN")
    said = indicator("198.51.100.7", "GREEN")
    link = maker.relationship(said["id"], "indicates", "malware--00000000-0000-4000-8000-000000000000")
    hear(build.bundle([said, link]))
    around = picture.neighbourhood(publisher, reading.get(publisher, said["id"]))
    assert (list(around.neighbours), around.hidden) == ([], 1)


def test_the_timeline_tells_what_happened_newest_first(publisher, hear):
    said = indicator("198.51.100.7", "GREEN")
    hear(build.bundle([said]))
    answering.report_sighting(publisher, said["id"], count=2)
    answering.give_feedback(publisher, said["id"], "agree", "It works.")
    found = reading.get(publisher, said["id"])
    sightings, who = reading.sightings(publisher, said["id"]), standing.said(publisher, said["id"])
    events = picture.timeline(publisher, found, sightings, who)
    assert {event.sort for event in events} == {"stated", "seen", "said", "opinion"}
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    assert picture.opinions(publisher, found) == [("mostly right", 1)]


def test_a_partners_broken_playbook_is_shown_as_none(publisher, hear):
    maker = build.Maker(build.identity("kyiv", "a", "b"), "2026-03-02T00:00:00.000Z", "GREEN")
    broken = maker.course_of_action("x", extensions=cacao.extension_of({**PLAYBOOK, "workflow": "none"}))
    hear(build.bundle([broken]))
    assert picture.playbook_of(reading.get(publisher, broken["id"])) is None
