"""Corrections as training data: whole, by marking, and in the form that training reads."""

import json

import pytest

from sild.analyst import corrections, deciding, services
from sild.analyst.deciding import Said
from sild.analyst.errors import DecisionError
from sild.analyst.training import corpus
from sild.people.errors import NotAllowedError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

TEXT = (
    "Sandworm Team used Mimikatz to dump credentials from LSASS memory.\r\nIts server was hxxp://bad-host[.]com/a."
    " Cafe\u0301 visitors saw nothing of it. It takes screenshots of the desktop every minute."
)


def gone_through(actor, tlp="GREEN"):
    reading = services.read(actor, "a report", TEXT, tlp)
    for item in deciding.items_of(reading):
        deciding.decide(actor, str(reading.pk), item.key, "rejected" if item.value == "T1113" else "accepted")
    return reading


def test_what_was_gone_through_whole_is_a_labelled_report(publisher, in_use):
    reading = gone_through(publisher)
    deciding.add(publisher, str(reading.pk), Said("technique", "T1071.001", "server was hxxp://bad-host[.]com/a"))
    [line] = corrections.export(publisher, "GREEN")
    [report] = corpus.parse(json.dumps(line).encode())
    words = {span.get("technique") or span["value"]: report.text[span["start"] : span["end"]] for span in report.spans}
    assert words["T1071.001"] == "server was hxxp://bad-host[.]com/a"
    assert words["http://bad-host.com/a"] == "hxxp://bad-host[.]com/a"
    assert words["Mimikatz"] == "Mimikatz"
    assert "T1113" not in words
    assert "\r" not in report.text
    assert (line["id"], line["source"]["tlp"]) == ("en-train-001", "GREEN")
    techniques = {name for sentence in corpus.sentences([report]) for name in sentence.techniques}
    assert techniques >= {"T1071.001", "T1003.001"}


@pytest.mark.parametrize(("most", "number"), [("CLEAR", 0), ("GREEN", 1), ("AMBER", 2), ("RED", 3)])
def test_nothing_above_the_chosen_marking_goes_along(publisher, in_use, most, number):
    for tlp in ("GREEN", "AMBER", "RED"):
        gone_through(publisher, tlp)
    assert len(corrections.export(publisher, most)) == number


def test_what_is_open_or_was_accepted_unseen_is_left_out(publisher, in_use):
    reading = services.read(publisher, "a report", TEXT, "GREEN")
    assert corrections.export(publisher, "GREEN") == []
    deciding.accept_rest(publisher, str(reading.pk))
    assert corrections.export(publisher, "GREEN") == []


def test_it_takes_the_right_to_publish_and_a_marking(editor, publisher):
    with pytest.raises(NotAllowedError):
        corrections.export(editor, "GREEN")
    with pytest.raises(DecisionError, match="PINK"):
        corrections.export(publisher, "PINK")
