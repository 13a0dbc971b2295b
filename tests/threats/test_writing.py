"""What people write."""

import pytest

from sild.people.actor import Actor
from sild.people.errors import NotAllowedError
from sild.people.models import Agency
from sild.threats import reading, search, writing
from sild.threats.desk_errors import WritingError
from sild.threats.errors import NotFoundError, RefusedError
from sild.threats.writing import Context

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
NOWHERE = "indicator--00000000-0000-4000-8000-000000000000"


def test_what_is_written_is_connected_with_what_it_is_about(publisher):
    written = writing.write_indicator(publisher, "evil.example", Context(techniques=["t1059"], threat_actor="APT28"))
    guidance = writing.write_guidance(publisher, "Block it", Context(about=[written]))
    around = {(row.label, row.found.name, row.outgoing) for row in reading.neighbours(publisher, written) if row.found}
    assert ("indicates", "Command and Scripting Interpreter", True) in around
    assert ("indicates", "APT28", True) in around
    assert ("related-to", "Block it", False) in around
    assert reading.get(publisher, guidance).level.tlp == "AMBER"


@pytest.mark.parametrize("context", [Context(techniques=["T9999"]), Context(about=[NOWHERE])])
def test_what_it_is_about_has_to_exist_and_nothing_is_kept_otherwise(publisher, context):
    with pytest.raises((WritingError, NotFoundError)):
        writing.write_indicator(publisher, "evil.example", context)
    assert search.search(publisher, search.Query()).items == []


def test_a_report_is_about_something(publisher):
    with pytest.raises(WritingError, match="about something"):
        writing.write_report(publisher, "x", Context())


def test_a_viewer_writes_nothing(viewer):
    with pytest.raises(NotAllowedError):
        writing.write_indicator(viewer, "evil.example", Context())


def test_the_operator_writes_for_the_only_agency(agency):
    assert writing.agency_of(Actor.operator()) == agency
    Agency.objects.create(slug="other", name="Other")
    with pytest.raises(RefusedError, match="say for which one"):
        writing.agency_of(Actor.operator())


def test_the_store_says_why_it_does_not_keep_something(publisher):
    with pytest.raises(WritingError, match="cannot be kept"):
        writing.write_report(publisher, "", Context(techniques=["T1059"]))
