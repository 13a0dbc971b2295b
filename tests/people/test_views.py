from __future__ import annotations

import re

import pytest
from django.urls import reverse

from people.factories import PASSWORD, AgencyFactory, MembershipFactory, PersonFactory
from sild.people import services
from sild.people.actor import Actor
from sild.people.audit import note
from sild.people.enums import Role
from sild.people.models import ApiToken, AuditEntry, Membership

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def administrator(client):
    membership = MembershipFactory(role=Role.ADMINISTRATOR)
    client.force_login(membership.person)
    return membership


@pytest.fixture
def editor(client):
    membership = MembershipFactory(role=Role.EDITOR)
    client.force_login(membership.person)
    return membership


def secret_shown(response):
    return re.search(r'<code class="sild-secret">(?:Authorization: Bearer )?(.+?)</code>', response.text).group(1)


def test_an_administrator_sees_the_people_of_their_agency_only(client, administrator):
    colleague, stranger = MembershipFactory(agency=administrator.agency), MembershipFactory()
    page = client.get("/people/").text
    assert colleague.person.username in page
    assert stranger.person.username not in page


def test_the_superuser_sees_the_people_of_all_agencies(client):
    client.force_login(PersonFactory(is_superuser=True))
    membership = MembershipFactory()
    assert membership.person.username in client.get("/people/").text


def test_an_editor_may_not_see_people(client, editor):
    response = client.get("/people/")
    assert response.status_code == 403
    assert "lacks the right" in response.text


def test_an_added_person_signs_in_with_the_password_that_was_shown_once(client, administrator):
    form = {"username": "mari", "email": "", "agency": administrator.agency.slug, "role": "viewer"}
    password = secret_shown(client.post("/people/", form))
    assert password not in client.get("/people/").text
    client.logout()
    client.post("/accounts/login/", {"login": "mari", "password": password})
    assert Actor.of(Membership.objects.get(person__username="mari").person).role is Role.VIEWER
    assert client.get("/").status_code == 200


def test_a_taken_user_name_is_said_beside_the_field(client, administrator):
    form = {"username": administrator.person.username, "agency": administrator.agency.slug, "role": "viewer"}
    response = client.post("/people/", form)
    assert response.status_code == 400
    assert 'id="id_username_error"' in response.text


def test_nobody_is_added_to_another_agency(client, administrator):
    form = {"username": "mari", "agency": AgencyFactory().slug, "role": "viewer"}
    assert client.post("/people/", form).status_code == 400


def test_a_role_is_changed_and_taken_away(client, administrator):
    membership = MembershipFactory(agency=administrator.agency)
    client.post(f"/people/{membership.pk}/role/", {"role": "publisher"})
    membership.refresh_from_db()
    assert membership.role == Role.PUBLISHER
    page = client.post(f"/people/{membership.pk}/role/", {"role": ""}, follow=True)
    assert "no longer acts for" in page.text
    assert not Membership.objects.filter(pk=membership.pk).exists()


def test_a_role_in_another_agency_is_not_found(client, administrator):
    assert client.post(f"/people/{MembershipFactory().pk}/role/", {"role": "viewer"}).status_code == 404


def test_a_token_is_shown_once_and_works(client, editor):
    secret = secret_shown(client.post("/tokens/", {"name": "robot", "role": "viewer"}))
    assert services.actor_of_token(secret).agency == editor.agency
    assert secret not in client.get("/tokens/").text


def test_a_token_with_more_rights_than_ones_own_is_refused_beside_the_field(client, editor):
    response = client.post("/tokens/", {"name": "robot", "role": "administrator"})
    assert response.status_code == 400
    assert 'id="id_role_error"' in response.text
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked(client, editor):
    token, secret = services.issue_token(Actor.of(editor.person), "robot", Role.VIEWER)
    page = client.post(f"/tokens/{token.pk}/revoke/", follow=True)
    assert "robot" in page.text
    assert services.actor_of_token(secret) is None


def test_a_viewer_has_no_tokens(client):
    client.force_login(MembershipFactory(role=Role.VIEWER).person)
    assert client.get("/tokens/").status_code == 403


def test_the_trail_is_filtered_by_who_action_and_day(client, administrator):
    actor = Actor.of(administrator.person)
    note(actor, "people.give-role", "mari")
    note(actor, "exchange.publish", "a record")
    page = client.get("/audit/", {"action": "publish", "who": administrator.person.username}).text
    assert "exchange.publish" in page
    assert "people.give-role" not in page
    assert "No line of the trail fits" in client.get("/audit/", {"until": "2000-01-01"}).text


def test_the_trail_is_paged(client, administrator):
    for number in range(51):
        note(Actor.of(administrator.person), "people.test", f"thing {number}")
    assert "Page 1 of 2" in client.get("/audit/").text
    assert "thing 0" in client.get("/audit/", {"page": 2}).text


def test_the_trail_of_another_agency_is_not_shown(client, administrator):
    note(Actor.of(MembershipFactory().person), "people.elsewhere")
    assert "people.elsewhere" not in client.get("/audit/").text


def test_a_person_acts_for_another_agency_and_stays_on_the_page(client, administrator):
    second = MembershipFactory(person=administrator.person)
    response = client.post("/act-for/", {"agency": second.agency.slug, "next": "/records/"})
    assert response.url == "/records/"
    administrator.person.refresh_from_db()
    assert administrator.person.acts_for == second.agency
    assert AuditEntry.objects.filter(action="people.act-for").exists()


def test_the_way_back_never_leads_to_another_site(client, administrator):
    response = client.post("/act-for/", {"agency": administrator.agency.slug, "next": "https://example.org/"})
    assert response.url == "/"


def test_a_foreign_agency_is_refused_with_a_sentence(client, administrator):
    response = client.post("/act-for/", {"agency": AgencyFactory().slug})
    assert response.status_code == 404
    assert "You hold no role" in response.text


def test_an_unknown_password_is_told_on_the_page(client):
    person = MembershipFactory().person
    response = client.post(reverse("account_login"), {"login": person.username, "password": PASSWORD + "x"})
    assert 'role="alert"' in response.text
