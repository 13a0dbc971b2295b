"""“Have we or our partner seen this?”"""

import pytest

from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.threats import asking, search, sharing, writing
from sild.threats.engine import build
from sild.threats.writing import Context
from threats.examples import indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_ours_a_partners_and_nobodys_are_told_apart(publisher, hear):
    writing.write_indicator(publisher, "evil.example", Context())
    hear(build.bundle([indicator("198.51.100.7", "GREEN")]))
    ours, theirs, nobodys = asking.ask(publisher, "EVIL[.]example\n198.51.100[.]7\n203.0.113.9")
    assert (ours.is_ours, ours.nodes) == (True, [])
    assert (theirs.is_ours, theirs.nodes, theirs.is_known) == (False, ["kyiv"], True)
    assert (nobodys.is_known, nobodys.objects) == (False, [])


def test_what_was_revoked_counts_no_more(publisher):
    sharing.revoke(publisher, writing.write_indicator(publisher, "evil.example", Context()))
    assert not asking.ask(publisher, "evil.example")[0].is_known


def test_another_agency_learns_nothing_of_what_is_not_shared(publisher):
    writing.write_indicator(publisher, "evil.example", Context(tlp="CLEAR"))
    other = Actor(who="x", role=Role.ADMINISTRATOR, agency=Agency.objects.create(slug="other", name="Other"))
    assert not asking.ask(other, "evil.example")[0].is_known


def test_a_long_list_is_asked_in_parts(publisher, monkeypatch):
    monkeypatch.setattr(search, "MOST_VALUES", 1)
    writing.write_indicator(publisher, "b.example", Context())
    assert [one.is_known for one in asking.ask(publisher, "a.example b.example c.example")] == [False, True, False]
