"""Pages of markings: previews, sight, changing, withdrawing, passing on, and what is outstanding."""

import pytest

from people.factories import MembershipFactory
from sild.exchange import forwarding, services
from sild.exchange.incoming import import_page
from sild.exchange.models import Record
from sild.people.enums import Role
from sild.trust.record import Reference

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def publisher(client):
    membership = MembershipFactory(role=Role.PUBLISHER)
    client.force_login(membership.person)
    return membership


def publish(actor, **changes):
    values = {"kind": "exchange.comment", "subject": "A case", "body": {"text": "words"}}
    return services.publish(actor, **{**values, "tlp": "GREEN", "audience": "partners", **changes})


def received(pinned, kyiv):
    kyiv.publish({"text": "words of kyiv"}, subject="Of kyiv")
    return import_page(pinned, kyiv.page()).records[0]


def test_the_preview_asks_nothing_until_it_is_asked(client, publisher, pinned):
    assert "would see it" not in client.get("/records/preview/").text


def test_the_preview_shows_each_partner_and_a_refusal(client, publisher, operator, pinned):
    narrow = publish(operator, tlp="AMBER", audience=["riga"])
    page = client.get("/records/preview/", {"tlp": "GREEN", "audience": "partners", "names": str(narrow.pk)}).text
    assert "It would be refused" in page
    assert "would not see it" in page
    assert str(narrow.pk) in page
    assert "would see it" in client.get("/records/preview/", {"tlp": "AMBER", "node": "kyiv"}).text


def test_a_marking_that_contradicts_its_audience_is_a_page_with_the_reason(client, publisher, pinned):
    assert client.get("/records/preview/", {"tlp": "AMBER", "audience": "partners"}).status_code == 400


def test_the_page_of_who_sees_it_changes_the_marking(client, publisher, operator, pinned):
    record = publish(operator)
    assert "Publish under this marking" in client.get(f"/records/{record.pk}/sight/").text
    answer = client.post(f"/records/{record.pk}/mark/", {"tlp": "RED", "node": "tallinn"}, follow=True)
    assert "Published under the new marking" in answer.text
    assert Record.objects.get(replaces_id=record.pk).tlp == "RED"
    page = client.get(record.get_absolute_url()).text
    assert "Version 2 has taken its place" in page
    assert "Publish under this marking" not in client.get(f"/records/{record.pk}/sight/").text
    assert "waiting to be fetched" in client.get("/records/outstanding/").text


def test_a_withdrawal_needs_a_reason(client, publisher, operator, pinned):
    record = publish(operator)
    assert "Write down why" in client.post(f"/records/{record.pk}/withdraw/", {"reason": " "}, follow=True).text
    assert "everything" in client.get("/records/outstanding/").text
    client.post(f"/records/{record.pk}/withdraw/", {"reason": "wrong"})
    record.refresh_from_db()
    assert record.withdrawn
    assert "A case" in client.get("/records/outstanding/?what=all").text


def test_who_may_only_see_is_offered_no_change(client, operator, pinned):
    record = publish(operator)
    client.force_login(MembershipFactory(role=Role.EDITOR).person)
    page = client.get(f"/records/{record.pk}/sight/").text
    assert "kyiv" in page
    assert "Publish under this marking" not in page
    assert client.post(f"/records/{record.pk}/mark/", {"tlp": "RED", "node": "tallinn"}).status_code == 403
    assert client.post(f"/records/{record.pk}/withdraw/", {"reason": "wrong"}).status_code == 403


def test_a_partners_record_is_passed_on_and_shown_with_origin_and_carrier(client, publisher, pinned, kyiv):
    record = received(pinned, kyiv)
    assert "Pass it on" in client.get(f"/records/{record.pk}/sight/").text
    page = client.post(f"/records/{record.pk}/pass-on/", {"audience": "partners"}, follow=True).text
    assert "Published by kyiv, passed on by tallinn" in page
    assert "words of kyiv" in page
    forward = Record.objects.get(kind=forwarding.KIND)
    file = client.get(f"/records/{forward.pk}/original/")
    assert file.content == forwarding.original_file(forward)
    assert client.get(f"/records/{record.pk}/original/").status_code == 404


def test_a_stranger_is_shown_as_known_through_the_carrier(client, publisher, operator, pinned, kyiv):
    record = received(pinned, kyiv)
    forward = forwarding.redistribute(operator, record, "partners")
    pinned.state, pinned.pinned_at = "added", None
    pinned.save()
    page = client.get(forward.get_absolute_url()).text
    assert "Not pinned: kyiv is known through tallinn" in page
    assert kyiv.keys.fingerprint in page


def test_what_a_partner_took_back_is_shown_no_more(client, publisher, pinned, kyiv):
    raw = kyiv.publish({"text": "words of kyiv"}, subject="Of kyiv")
    [record] = import_page(pinned, kyiv.page()).records
    assert "words of kyiv" in client.get(record.get_absolute_url()).text
    reference = Reference(id=str(record.pk), hash=kyiv.hash(raw))
    kyiv.publish({"reason": "wrong"}, kind="exchange.withdrawal", subject="Gone", withdraws=reference)
    pinned.refresh_from_db()
    import_page(pinned, kyiv.page(after=1, have=1))
    for address in (record.get_absolute_url(), "/records/", f"/records/{record.pk}/sight/"):
        page = client.get(address).text
        assert "Withdrawn record" in page
        assert "Of kyiv" not in page
        assert "words of kyiv" not in page
    assert client.get(f"/records/{record.pk}/file/").status_code == 404
