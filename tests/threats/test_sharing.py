"""Sharing: what leaves, under which record, and what stays."""

import pytest

from sild.exchange.models import Record
from sild.people.errors import NotAllowedError
from sild.threats import reading, sharing, writing
from sild.threats.desk_errors import SharingError
from sild.threats.engine import build, tlp
from sild.threats.errors import NotFoundError
from sild.threats.writing import Context
from threats.examples import indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def green(publisher):
    context = Context(tlp="GREEN", techniques=["T1566.001"], threat_actor="UAC-0010", confidence=80)
    return writing.write_indicator(publisher, "evil[.]example", context)


@pytest.fixture
def amber(publisher):
    return writing.write_indicator(publisher, "203.0.113.5", Context(tlp="AMBER"))


def names(objects):
    return {found.name for found in objects}


def test_an_indicator_travels_with_what_it_states_and_who_wrote_it(publisher, pinned, green):
    [parcel, second] = sharing.plan(publisher, [green], ["kyiv"]).parcels
    assert (parcel.level.tlp, second.level.tlp) == ("CLEAR", "GREEN")
    assert names(parcel.objects) == {"Example CERT (tallinn)", "Spearphishing Attachment", "Gamaredon Group"}
    assert names(second.objects) == {"evil.example", ""}


def test_each_level_travels_in_a_record_of_its_own(publisher, pinned, green, amber):
    records = sharing.share(publisher, [green, amber], ["kyiv"], "a campaign")
    assert [record.tlp for record in records] == ["CLEAR", "GREEN", "AMBER"]
    for record in records:
        levels = {tlp.level(item, "CLEAR") for item in record.body["objects"] if item["type"] != "marking-definition"}
        assert levels == {record.tlp}


def test_what_an_audience_does_not_fit_stays_and_says_why(publisher, pinned, green, amber):
    planned = sharing.plan(publisher, [green, amber], "partners")
    assert "needs an audience of named nodes" in planned.parcels[-1].refusal
    assert "203.0.113.5" not in names(planned.seen_by(pinned))
    sharing.share(publisher, [green, amber], "partners", "x")
    assert not Record.objects.filter(tlp="AMBER", kind="threats.bundle").exists()


def test_a_relationship_is_never_more_open_than_what_it_names(publisher, pinned, amber):
    about = writing.write_guidance(publisher, "Block it", Context(tlp="CLEAR", about=[amber]))
    for parcel in sharing.plan(publisher, [about], ["kyiv"]).parcels:
        for found in parcel.objects:
            if found.kind == "relationship":
                assert parcel.level.tlp == "AMBER"


def test_what_a_partner_said_under_amber_does_not_go_on(publisher, hear):
    said = indicator("198.51.100.7", "AMBER")
    hear(build.bundle([said]), tlp="AMBER", audience=["tallinn"])
    planned = sharing.plan(publisher, [said["id"]], ["kyiv"])
    assert [found.stix_id for found, _reason in planned.kept] == [said["id"]]
    with pytest.raises(SharingError, match="No partner"):
        sharing.share(publisher, [said["id"]], ["kyiv"], "x")


def test_nothing_chosen_or_nothing_seen_is_refused(publisher, pinned, amber):
    with pytest.raises(SharingError, match="Choose"):
        sharing.plan(publisher, [], ["kyiv"])
    with pytest.raises(NotFoundError):
        sharing.plan(publisher, ["indicator--00000000-0000-4000-8000-000000000000"], ["kyiv"])


def test_a_viewer_does_not_share(viewer, amber):
    with pytest.raises(NotAllowedError):
        sharing.share(viewer, [amber], ["kyiv"], "x")


def test_a_revocation_reaches_everybody_who_had_the_object(publisher, pinned, amber):
    [_clear, sent] = sharing.share(publisher, [amber], ["kyiv"], "x")
    [told] = sharing.revoke(publisher, amber)
    assert (told.answers_id, told.tlp, told.audience) == (sent.pk, "AMBER", ["kyiv"])
    assert reading.get(publisher, amber).is_revoked
    with pytest.raises(SharingError, match="already"):
        sharing.revoke(publisher, amber)


def test_only_the_creator_revokes(publisher, hear):
    said = indicator("198.51.100.7", "GREEN")
    hear(build.bundle([said]))
    with pytest.raises(SharingError, match="creator"):
        sharing.revoke(publisher, said["id"])


def test_what_was_not_shared_is_revoked_here_alone(publisher, amber):
    assert sharing.revoke(publisher, amber) == []
