"""The matrix's numbers."""

import pytest

from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.threats import coverage, writing
from sild.threats.writing import Context

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_technique_counts_each_object_that_names_it_once_and_its_sub_techniques(publisher):
    for name in ("a", "b", "c"):
        writing.write_indicator(publisher, f"{name}.example", Context(techniques=["T1059.001"]))
    writing.write_report(publisher, "r", Context(techniques=["T1059"]))
    cells = {cell.technique.id: cell for _column, row in coverage.matrix(publisher) for cell in row}
    assert (cells["T1059"].number, cells["T1059"].step) == (4, 2)
    assert cells["T1059"].subs[0][1] == 3
    assert (cells["T1566"].number, cells["T1566"].step) == (0, 0)


def test_nobody_counts_what_they_may_not_see(publisher):
    writing.write_indicator(publisher, "a.example", Context(techniques=["T1059"]))
    other = Actor(who="x", role=Role.VIEWER, agency=Agency.objects.create(slug="other", name="Other"))
    assert not coverage.numbers(other)


def test_mitres_own_objects_are_told_from_others():
    assert coverage.is_mitres({"x_mitre_attack_spec_version": "3.3.0"})
    assert not coverage.is_mitres({})
