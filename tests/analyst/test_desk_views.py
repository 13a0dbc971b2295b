"""The desk's page: decisions by forms, what was met before, and sharing what was accepted."""

import pytest
from django.urls import reverse

from analyst.findings import TEXT
from analyst.test_views import html, sign_in
from sild.analyst import deciding, services
from sild.exchange.models import Record
from sild.people.enums import Role

__all__ = ["sign_in"]

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def reading(sign_in, in_use):
    actor = sign_in(Role.PUBLISHER)
    made = services.read(actor, "A report", TEXT)
    made.actor = actor
    return made


def say(client, reading, key, **data):
    return client.post(reverse("analyst:decide", args=[reading.pk, key]), data)


@pytest.mark.parametrize("language", ["en", "et", "uk"])
def test_the_desk_shows_each_proposal_with_what_it_rests_on(client, reading, language):
    page = html(client.get(reading.get_absolute_url(), headers={"accept-language": language}))
    assert f'lang="{language}"' in page
    for item in deciding.items_of(reading):
        assert f'id="{item.key}"' in page
    assert "threat-analyst" in page


def test_a_decision_by_form_is_kept_and_leads_to_the_next_that_is_open(client, reading):
    first, second = deciding.items_of(reading)[:2]
    response = say(client, reading, first.key, verdict="accepted")
    assert response.url.endswith(f"#{second.key}")
    assert say(client, reading, first.key, verdict="open").url.endswith(f"#{first.key}")
    assert not deciding.items_of(reading)[0].verdict
    page = html(client.get(reading.get_absolute_url()))
    assert reading.actor.who in page


def test_a_correction_by_form_is_kept_or_says_what_is_wrong(client, reading):
    key = deciding.items_of(reading)[0].key
    response = client.post(
        reverse("analyst:decide", args=[reading.pk, key]),
        {"verdict": "correct", "kind": "technique", "value": "T9999"},
        follow=True,
    )
    assert "T9999" in html(response)
    say(client, reading, key, verdict="correct", kind="technique", value="t1113", words="used Mimikatz")
    [item] = [item for item in deciding.items_of(reading) if item.key == key]
    assert (item.value, item.name, item.verdict, item.corrected) == ("T1113", "Screen Capture", "accepted", True)
    assert TEXT[item.start : item.end] == "used Mimikatz"


def test_what_was_missed_is_added_by_form(client, reading):
    address = reverse("analyst:add", args=[reading.pk])
    response = client.post(address, {"kind": "malware", "value": "NewRat", "words": "malicious attachment"})
    assert "#n" in response.url
    assert "NewRat" in html(client.get(reading.get_absolute_url()))
    response = client.post(address, {"kind": "nonsense", "value": "x", "words": "y"})
    assert response.url.endswith(reading.get_absolute_url() + "#add")


def test_the_rest_is_accepted_at_once_and_marked_as_unseen(client, reading):
    page = html(client.post(reverse("analyst:rest", args=[reading.pk]), follow=True))
    assert "unseen" in page
    assert all(item.verdict == "accepted" and item.decision.in_bulk for item in deciding.items_of(reading))


def test_a_viewer_sees_the_desk_and_decides_nothing(client, reading, sign_in):
    sign_in(Role.VIEWER, reading.agency)
    assert "analyst-verdicts" not in html(client.get(reading.get_absolute_url()))
    assert say(client, reading, "p0", verdict="accepted").status_code == 403


def test_what_a_record_has_already_is_said_beside_it(client, reading):
    deciding.accept_rest(reading.actor, str(reading.pk))
    services.publish(reading.actor, str(reading.pk), ["kyiv"], "AMBER")
    again = services.read(reading.actor, "The next", TEXT)
    page = html(client.get(again.get_absolute_url()))
    assert "already in" in page
    assert "read here" in page


def test_before_anything_was_accepted_there_is_nothing_to_share(client, reading):
    response = client.post(reverse("analyst:share", args=[reading.pk]), {"tlp": "AMBER", "node": ["kyiv"]})
    assert "Nothing has been accepted" in html(response, 400)
    assert not Record.objects.filter(kind="analyst.findings").exists()


def test_before_sharing_it_is_said_what_each_partner_would_see(client, reading):
    address = reverse("analyst:share", args=[reading.pk])
    deciding.accept_rest(reading.actor, str(reading.pk))
    page = html(client.get(address, {"tlp": "AMBER", "node": "kyiv"}))
    assert "would see it" in page
    assert not Record.objects.filter(kind="analyst.findings").exists()
    assert "needs an audience of named nodes" in html(client.get(address, {"tlp": "AMBER", "all_partners": "on"}), 400)


def test_sharing_publishes_and_leads_to_the_record(client, reading):
    address = reverse("analyst:share", args=[reading.pk])
    deciding.accept_rest(reading.actor, str(reading.pk))
    page = html(client.post(address, {"tlp": "AMBER", "node": ["kyiv"]}, follow=True))
    record = Record.objects.get(kind="analyst.findings")
    assert record.audience == ["kyiv"]
    assert "[ipv4-addr:value = &#x27;203.0.113.5&#x27;]" in page
    assert "T1003.001 LSASS Memory" in page
    assert "© 2025 The MITRE Corporation" in page


def test_sharing_with_nobody_is_refused(client, reading):
    deciding.accept_rest(reading.actor, str(reading.pk))
    response = client.post(reverse("analyst:share", args=[reading.pk]), {"tlp": "AMBER"})
    assert "audience is empty" in html(response, 400)


def test_an_editor_does_not_share(client, sign_in, in_use):
    actor = sign_in(Role.EDITOR)
    reading = services.read(actor, "x", TEXT)
    assert client.get(reverse("analyst:share", args=[reading.pk])).status_code == 403
