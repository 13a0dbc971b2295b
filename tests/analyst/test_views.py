"""The desk's pages, as somebody who signed in gets them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from analyst.findings import TEXT
from people.factories import AgencyFactory, MembershipFactory
from sild.analyst import services
from sild.analyst.models import Activation, Reading
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def sign_in(client, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }

    def as_role(role, agency=None):
        membership = MembershipFactory(role=role, **({"agency": agency} if agency else {}))
        client.force_login(membership.person)
        return Actor.of(membership.person)

    return as_role


@pytest.fixture
def reading(sign_in, in_use):
    actor = sign_in(Role.PUBLISHER)
    return services.read(actor, "A report", TEXT + "\n\n<script>alert(1)</script>")


def html(response, status=200):
    assert response.status_code == status
    return response.content.decode()


def test_whoever_has_not_signed_in_sees_nothing(client):
    assert client.get(reverse("analyst:readings")).status_code == 302


def test_without_a_report_the_desk_says_what_to_do(client, sign_in):
    sign_in(Role.EDITOR)
    page = html(client.get(reverse("analyst:readings")))
    assert "not in use" in page
    assert reverse("analyst:activate") in page


@pytest.mark.parametrize("name", ["analyst:readings", "analyst:read", "analyst:card", "analyst:activate"])
@pytest.mark.parametrize("language", ["en", "et", "uk"])
def test_each_page_speaks_each_language_and_shows_mitres_notice(client, sign_in, in_use, name, language):
    sign_in(Role.EDITOR)
    page = html(client.get(reverse(name), headers={"accept-language": language}))
    assert f'lang="{language}"' in page
    assert "© 2025 The MITRE Corporation" in page
    assert "style=" not in page


def test_a_pasted_text_is_read_and_shown_with_marks(client, sign_in, in_use):
    sign_in(Role.EDITOR)
    response = client.post(reverse("analyst:read"), {"text": TEXT}, follow=True)
    page = html(response)
    assert Reading.objects.get().name.startswith("The group UAC-9999")
    assert 'data-kind="actor" title="actor: UAC-9999">UAC-9999</mark>' in page
    assert '<mark class="analyst-sentence" id="s1"' in page
    assert "T1003.001" in page


def test_an_uploaded_file_is_read_under_its_name(client, sign_in, in_use):
    sign_in(Role.EDITOR)
    file = SimpleUploadedFile("звіт.md", TEXT.encode())
    client.post(reverse("analyst:read"), {"file": file})
    assert Reading.objects.get().name == "звіт.md"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "one of both"),
        ({"text": "x", "file": SimpleUploadedFile("a.txt", b"x")}, "one of both"),
        ({"file": SimpleUploadedFile("a.bin", b"\x00\x01\x02")}, "binary"),
        ({"file": SimpleUploadedFile("a.txt", b"\xd5\xd6")}, "UTF-8"),
        ({"file": SimpleUploadedFile("a.txt", b"x" * 2_000_001)}, "at most"),
        ({"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7 x")}, "broken"),
    ],
)
def test_what_cannot_be_read_is_refused_next_to_the_form(client, sign_in, in_use, data, words):
    sign_in(Role.EDITOR)
    assert words in html(client.post(reverse("analyst:read"), data), 400)
    assert not Reading.objects.exists()


def test_nothing_is_read_while_the_solution_is_not_in_use(client, sign_in):
    sign_in(Role.EDITOR)
    assert "not in use" in html(client.post(reverse("analyst:read"), {"text": TEXT}), 400)


def test_a_viewer_reads_pages_but_no_texts(client, sign_in, in_use):
    sign_in(Role.VIEWER)
    assert client.get(reverse("analyst:readings")).status_code == 200
    assert client.post(reverse("analyst:read"), {"text": TEXT}).status_code == 403


def test_a_text_is_data_and_never_markup(client, reading):
    page = html(client.get(reading.get_absolute_url()))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_another_agencys_reading_is_not_found(client, reading, sign_in):
    sign_in(Role.ADMINISTRATOR, AgencyFactory())
    assert client.get(reading.get_absolute_url()).status_code == 404
    assert reading.name not in html(client.get(reverse("analyst:readings")))


def test_the_solution_is_taken_into_use_by_a_form(client, sign_in, report_from_kyiv):
    report = report_from_kyiv()
    sign_in(Role.PUBLISHER)
    address = reverse("analyst:activate")
    assert str(report.pk) in html(client.get(address))
    page = html(client.post(address, {"report": report.pk, "tlp": "GREEN", "node": ["kyiv"]}, follow=True))
    assert Activation.objects.get().report_id == report.pk
    assert "In use" in page
    record = Record.objects.get(kind="analyst.activation")
    assert "threat-analyst 0.1.0" in html(client.get(record.get_absolute_url()))


def test_a_wrong_audience_for_taking_into_use_is_said_next_to_the_form(client, sign_in, report_from_kyiv):
    report = report_from_kyiv()
    sign_in(Role.PUBLISHER)
    response = client.post(reverse("analyst:activate"), {"report": report.pk, "tlp": "AMBER", "all_partners": "on"})
    assert "needs an audience of named nodes" in html(response, 400)
    assert not Activation.objects.exists()
