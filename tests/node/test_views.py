from __future__ import annotations

import pytest

from node.factories import PartnerFactory, RecordFactory
from people.factories import PersonFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_home_shows_what_came_in_what_waits_and_the_links(client, administrator):
    PartnerFactory(node="kyiv", name="Kyiv", state="added")
    RecordFactory(subject="Phishing against tax portals", received_now=True)
    page = client.get("/").text
    assert "Phishing against tax portals" in page
    assert "Compare fingerprints with Kyiv" in page
    assert "X25519MLKEM768" in page


def test_an_empty_node_says_so(client, administrator):
    page = client.get("/").text
    assert "Nothing waits for a decision." in page
    assert "This node has no partner yet." in page


def test_a_person_without_a_role_is_told_whom_to_ask(client):
    client.force_login(PersonFactory())
    assert "Ask an administrator" in client.get("/").text


def test_the_language_is_kept_on_the_person_and_the_page_stays(client, administrator):
    response = client.post("/language/", {"language": "et", "next": "/records/?page=2"})
    assert response.url == "/records/?page=2"
    administrator.person.refresh_from_db()
    assert administrator.person.language == "et"
    client.cookies.pop("django_language")
    assert '<html lang="et"' in client.get("/").text


def test_somebody_who_has_not_signed_in_reads_the_sign_in_in_their_language(client):
    client.post("/language/", {"language": "uk", "next": "/accounts/login/"})
    assert "Увійти" in client.get("/accounts/login/").text


def test_an_unknown_language_changes_nothing(client, administrator):
    client.post("/language/", {"language": "xx", "next": "/"})
    administrator.person.refresh_from_db()
    assert administrator.person.language == ""


def test_the_notices_name_the_data_and_the_licences(client, administrator):
    page = client.get("/notices/").text
    assert "The MITRE Corporation" in page
    assert "EUPL-1.2" in page
