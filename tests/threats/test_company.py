"""What goes along, and what has to stay."""

import pytest

from sild.threats import company, writing
from sild.threats.desk_errors import SharingError
from sild.threats.engine import build
from sild.threats.writing import Context
from threats.examples import indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_report_takes_what_it_is_about_along_under_the_most_closed_level(publisher):
    amber = writing.write_indicator(publisher, "203.0.113.5", Context(tlp="AMBER"))
    report = writing.write_report(publisher, "r", Context(tlp="CLEAR", about=[amber]))
    chosen = company.gather(publisher, [report])
    assert {report, amber} <= {found.stix_id for found in chosen}
    assert company.levels(chosen)[report].tlp == "AMBER"


def test_what_a_partner_said_under_green_goes_on_and_under_amber_does_not(publisher, hear):
    green, amber = indicator("198.51.100.7", "GREEN"), indicator("198.51.100.8", "AMBER")
    hear(build.bundle([green]))
    hear(build.bundle([amber]), tlp="AMBER", audience=["tallinn"])
    chosen = company.gather(publisher, [green["id"], amber["id"]])
    assert set(company.kept_here(publisher, chosen, company.levels(chosen))) == {amber["id"]}


def test_too_much_at_once_is_shared_in_parts(publisher, monkeypatch):
    monkeypatch.setattr(company, "MOST", 1)
    written = writing.write_indicator(publisher, "a.example", Context(techniques=["T1059"]))
    with pytest.raises(SharingError, match="in parts"):
        company.gather(publisher, [written])
