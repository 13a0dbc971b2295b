"""The desk's pages, as somebody who signed in gets them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from people.factories import MembershipFactory
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.threats import answering, reading, writing
from sild.threats.engine import build
from sild.threats.writing import Context
from threats.examples import PLAYBOOK, SIGMA, indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PAGES = ["index", "seen", "matrix", "actors", "practice", "import", "write-indicator", "write-rule", "write-playbook"]


@pytest.fixture(autouse=True)
def plain_files(settings):
    storage = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": storage}


@pytest.fixture
def sign_in(client, agency):
    def as_role(role, agency=agency):
        membership = MembershipFactory(role=role, agency=agency)
        client.force_login(membership.person)
        return Actor.of(membership.person)

    return as_role


@pytest.fixture
def written(sign_in):
    context = Context(tlp="GREEN", techniques=["T1566.001"], threat_actor="UAC-0010", confidence=80, description="<b>x")
    return writing.write_indicator(sign_in(Role.PUBLISHER), "evil[.]example", context)


def html(response, status=200):
    assert response.status_code == status
    return response.content.decode()


def page(client, where, *arguments, **query):
    return html(client.get(reverse(f"threats:{where}", args=arguments), query))


def test_whoever_has_not_signed_in_sees_nothing(client):
    assert client.get(reverse("threats:index")).status_code == 302


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "et", "uk"])
def test_each_page_speaks_each_language(client, written, name, language):
    response = client.get(reverse(f"threats:{name}"), headers={"accept-language": language})
    shown = html(response)
    assert f'lang="{language}"' in shown
    assert "style=" not in shown


@pytest.mark.parametrize(
    "query",
    [
        {"text": "evil"},
        {"value": "evil[.]example"},
        {"type": "indicator"},
        {"technique": "t1566.001"},
        {"threat_actor": "Gamaredon"},
        {"since": "2020-01-01", "until": "2099-01-01"},
    ],
)
def test_an_indicator_is_found_by_each_field(client, written, query):
    assert reverse("threats:object", args=[written]) in page(client, "index", **query)


def test_what_fits_nothing_says_so(client, written):
    assert "Nothing that you may see fits" in page(client, "index", text="nowhere")


def test_an_object_shows_its_worth_its_neighbours_and_who_said_it(client, written):
    shown = page(client, "object", written)
    assert "evil[.]example" in shown
    assert ">80</span> high" in shown
    assert 'aria-label="indicates: Gamaredon Group (actor)"' in shown
    assert "not signed by a node" in shown
    assert "&lt;b&gt;x" in shown


def test_a_partners_word_is_one_click_from_its_record_and_proof(client, sign_in, hear):
    sign_in(Role.VIEWER)
    said = indicator("198.51.100.7", "GREEN")
    record = hear(build.bundle([said]))
    shown = page(client, "object", said["id"])
    assert record.get_absolute_url() in shown
    assert reverse("exchange:record-file", args=[record.pk]) in shown
    assert "verified" in shown
    assert "Revoke it" not in shown


def test_the_matrix_has_numbers_beside_its_colours(client, written):
    shown = page(client, "matrix", seen="1")
    assert "1 of" in shown
    assert '<span class="threats-number">1</span>' in shown
    assert "T1566.001 Spearphishing Attachment" in shown


def test_a_pasted_list_is_answered_line_by_line(client, written):
    shown = html(client.post(reverse("threats:seen"), {"text": "evil[.]example\n203.0.113.9"}))
    assert "1 of 2 are known" in shown


def test_too_long_a_list_is_refused_beside_the_field(client, written, monkeypatch):
    monkeypatch.setattr("sild.threats.engine.pasted.MOST", 1)
    assert "Ask in parts" in html(client.post(reverse("threats:seen"), {"text": "a.example\nb.example"}), 400)


def test_an_actor_is_found_by_any_name(client, written):
    assert "Armageddon" in page(client, "actors", name="gamaredon")
    assert "No actor is known as" in page(client, "actors", name="nobody")
    assert "more than one actor" in page(client, "actors", name="UAC-0056")


FORMS = [
    ("indicator", {"value": "203.0.113.5", "name": "a host"}, "a host"),
    ("rule", {"kind": "sigma", "text": SIGMA}, "Example of a suspicious download"),
    ("report", {"name": "A campaign", "techniques": "T1059"}, "A campaign"),
    ("guidance", {"name": "Block it"}, "Block it"),
]


@pytest.mark.parametrize(("kind", "data", "name"), FORMS)
def test_each_form_keeps_what_was_written(client, sign_in, kind, data, name):
    sign_in(Role.EDITOR)
    response = client.post(reverse(f"threats:write-{kind}"), {"tlp": "AMBER", **data}, follow=True)
    assert name in html(response)
    assert "Nothing has been shared yet" in html(response)


def test_a_playbook_shows_its_steps_and_stands_among_good_practice(client, sign_in):
    import json  # noqa: PLC0415 -- one test of many needs it

    sign_in(Role.EDITOR)
    data = {"tlp": "GREEN", "text": json.dumps(PLAYBOOK)}
    shown = html(client.post(reverse("threats:write-playbook"), data, follow=True))
    assert "Add the address to the border&#x27;s block list." in shown
    assert "Block an address" in page(client, "practice")


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("indicator", {"value": "what?"}, "no address"),
        ("indicator", {"value": "203.0.113.5", "techniques": "T9999"}, "no technique T9999"),
        ("rule", {"kind": "yara", "text": "nothing"}, "no YARA rule"),
        ("report", {"name": "Empty"}, "about something"),
        ("playbook", {"text": "{"}, "not JSON"),
    ],
)
def test_what_cannot_be_kept_is_told_beside_the_form(client, sign_in, kind, data, words):
    sign_in(Role.EDITOR)
    assert words in html(client.post(reverse(f"threats:write-{kind}"), {"tlp": "AMBER", **data}), 400)


def test_a_viewer_writes_nothing(client, sign_in):
    sign_in(Role.VIEWER)
    assert client.get(reverse("threats:write-indicator")).status_code == 403


def test_sharing_says_first_what_each_partner_would_see(client, written, pinned):
    shown = page(client, "share", id=written, subject="a campaign", node="kyiv")
    assert "kyiv: 6 objects" in shown
    assert not Record.objects.exists()
    html(client.post(reverse("threats:share"), {"id": written, "subject": "a campaign", "node": "kyiv"}, follow=True))
    assert {record.tlp for record in Record.objects.all()} == {"CLEAR", "GREEN"}


def test_what_cannot_be_shared_is_told_beside_the_form(client, written, pinned):
    assert "audience" in html(client.post(reverse("threats:share"), {"id": written, "subject": "x"}), 400)


def test_a_sighting_and_feedback_go_back_to_who_shared_it(client, sign_in, hear):
    actor = sign_in(Role.PUBLISHER)
    said = indicator("198.51.100.7", "GREEN")
    hear(build.bundle([said]))
    sighting = {"count": 2, "description": "on a proxy", "tell": "on"}
    shown = html(client.post(reverse("threats:sighting", args=[said["id"]]), sighting, follow=True))
    assert "told to kyiv" in shown
    assert "Seen 2 times. on a proxy" in shown
    feedback = {"opinion": "agree", "explanation": "It blocked two visits.", "tell": "on"}
    assert "mostly right: It blocked" in html(
        client.post(reverse("threats:feedback", args=[said["id"]]), feedback, follow=True)
    )
    assert [one.kind for one in Record.objects.filter(received=None).order_by("leaf_index")] == [
        "threats.sighting",
        "threats.feedback",
    ]
    assert answering.to_whom(actor, said["id"])


def test_a_sighting_of_no_number_is_refused(client, written):
    shown = html(client.post(reverse("threats:sighting", args=[written]), {"count": "0"}, follow=True))
    assert "How many times:" in shown


def test_revoking_asks_for_ones_own(client, written, sign_in):
    assert "It was not shared" in html(client.post(reverse("threats:revoke", args=[written]), follow=True))
    assert reading.get(sign_in(Role.VIEWER), written).is_revoked
    sign_in(Role.PUBLISHER)
    assert "already" in html(client.post(reverse("threats:revoke", args=[written]), follow=True))


def test_a_file_is_imported_and_what_was_refused_is_listed(client, sign_in):
    sign_in(Role.EDITOR)
    good = SimpleUploadedFile("list.csv", b"value,comment\n203.0.113.5,scanner\n")
    assert "2 objects of list.csv are here" in html(
        client.post(reverse("threats:import"), {"file": good, "tlp": "GREEN"})
    )
    bad = SimpleUploadedFile("list.csv", b"a,b\n1,2\n")
    assert "Say which column" in html(client.post(reverse("threats:import"), {"file": bad, "tlp": "GREEN"}), 400)
