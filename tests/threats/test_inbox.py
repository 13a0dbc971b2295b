"""What records say goes into the stores of those who may see it, and out again."""

import pytest

from sild.exchange import services as exchange
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.threats import inbox, reading, search, sharing, standing, writing
from sild.threats.engine import build
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from sild.threats.writing import Context
from threats.examples import indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def said():
    return indicator("198.51.100.7", "GREEN")


def test_a_partners_bundle_is_on_the_desk_with_who_signed_it_and_its_proof(publisher, hear, said):
    record = hear(build.bundle([said]))
    found = reading.get(publisher, said["id"])
    [one] = standing.said(publisher, said["id"])
    assert found.content == said
    assert (one.who, one.record, one.at, one.is_ours) == ("kyiv", record, record.issued, False)
    assert one.verdict.ok


def test_nothing_is_shown_more_openly_than_the_record_that_said_it(publisher, hear):
    bare = indicator("198.51.100.7", "GREEN")
    del bare["object_marking_refs"]
    hear(build.bundle([bare, indicator("198.51.100.8", "CLEAR")]), tlp="AMBER", audience=["tallinn"])
    assert {one.level for one in search.search(publisher, search.Query()).items} == {Level.AMBER}


def test_two_nodes_that_say_the_same_leave_one_assertion_each(publisher, hear):
    hear(build.bundle([build.technique("T1059")]), tlp="CLEAR")
    writing.write_indicator(publisher, "evil.example", Context(techniques=["T1059"]))
    assert {one.who for one in standing.said(publisher, build.technique("T1059")["id"])} == {"kyiv", "publisher"}


def test_what_is_withdrawn_leaves_the_desk(publisher, hear, said):
    record = hear(build.bundle([said]))
    hear({"reason": "wrong"}, kind="exchange.withdrawal", withdraws=record)
    with pytest.raises(NotFoundError):
        reading.get(publisher, said["id"])


def test_what_another_record_says_too_stays_on_its_word(publisher, hear, said):
    first, second = hear(build.bundle([said])), hear(build.bundle([said]))
    hear({"reason": "wrong"}, kind="exchange.withdrawal", withdraws=first)
    assert {one.record: one.is_standing for one in standing.said(publisher, said["id"])} == {first: False, second: True}


def test_a_revision_replaces_what_its_predecessor_said(publisher, hear, said):
    other = indicator("198.51.100.9", "GREEN")
    first = hear(build.bundle([said, other]))
    hear(build.bundle([other]), replaces=first, version=2)
    assert reading.get(publisher, other["id"])
    with pytest.raises(NotFoundError):
        reading.get(publisher, said["id"])


def test_findings_of_the_analyst_are_taken_in_too(publisher, hear, said):
    hear({"bundle": build.bundle([said])}, kind="analyst.findings")
    assert reading.get(publisher, said["id"])


def test_what_one_agency_keeps_to_itself_another_does_not_get(publisher, pinned):
    other = Agency.objects.create(slug="other", name="Other")
    kept = writing.write_indicator(publisher, "evil.example", Context(tlp="AMBER+STRICT"))
    wide = writing.write_indicator(publisher, "wide.example", Context(tlp="AMBER"))
    sharing.share(publisher, [kept, wide], ["kyiv"], "x")
    neighbour = Actor(who="other", role=Role.ADMINISTRATOR, agency=other)
    assert reading.get(neighbour, wide)
    with pytest.raises(NotFoundError):
        reading.get(neighbour, kept)


def test_a_withdrawal_of_ours_leaves_what_our_people_wrote(publisher, pinned):
    kept = writing.write_indicator(publisher, "evil.example", Context(tlp="GREEN"))
    for record in sharing.share(publisher, [kept], ["kyiv"], "x"):
        exchange.withdraw(publisher, record, "wrong")
    assert sorted(one.is_standing for one in standing.said(publisher, kept)) == [False, True]


def test_a_new_agency_catches_up_with_what_still_stands(hear, said):
    gone = hear(build.bundle([indicator("198.51.100.9", "GREEN")]))
    hear(build.bundle([said]))
    hear({"reason": "wrong"}, kind="exchange.withdrawal", withdraws=gone)
    late = Agency.objects.create(slug="late", name="Late")
    assert inbox.catch_up(late) == 1
    assert inbox.catch_up(late) == 0


def test_a_record_of_another_kind_says_nothing_of_threats(hear):
    assert inbox.objects_of(hear({"text": "hello"}, kind="exchange.comment")) == []
