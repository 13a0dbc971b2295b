from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache

from people.factories import PASSWORD, MembershipFactory, PersonFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def no_attempts_yet():
    cache.clear()


def sign_in(client, person, password=PASSWORD):
    return client.post("/accounts/login/", {"login": person.username, "password": password})


def confirm(client):
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def code_now(secret):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def test_name_and_password_let_in(client):
    person = MembershipFactory(person__signs_in=True).person
    assert sign_in(client, person).url == "/"
    assert client.get("/").status_code == 200


def test_a_wrong_password_does_not(client):
    person = PersonFactory(signs_in=True)
    assert sign_in(client, person, "guess").status_code == 200
    assert client.get("/").status_code == 302


def test_guessing_is_stopped_after_a_few_attempts(client):
    person = PersonFactory(signs_in=True)
    for _attempt in range(5):
        sign_in(client, person, "guess")
    response = sign_in(client, person)
    assert "Too many failed" in response.text
    assert client.get("/").status_code == 302


def test_somebody_with_an_authenticator_app_is_asked_for_its_code(client):
    person = MembershipFactory(person__signs_in=True).person
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    assert sign_in(client, person).url == "/accounts/2fa/authenticate/"
    assert client.get("/").status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert client.get("/").status_code == 200


def test_an_authenticator_app_is_set_up_with_a_code_from_it(client):
    person = MembershipFactory(person__signs_in=True).person
    sign_in(client, person)
    assert client.get("/accounts/2fa/totp/activate/").url.startswith("/accounts/reauthenticate/")
    confirm(client)
    page = client.get("/accounts/2fa/totp/activate/")
    assert "data:image/svg+xml" in page.text
    secret = client.session["mfa.totp.secret"]
    client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}
    assert client.get("/accounts/2fa/").text.count("in use") == 1


def test_a_passkey_is_offered_before_anybody_signed_in(client):
    options = client.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["challenge"]


def test_nobody_signs_up(client):
    assert client.post("/accounts/signup/", {"username": "mallory", "password1": PASSWORD}).status_code == 200
    assert "closed" in client.get("/accounts/signup/").text.lower()
    assert client.post("/accounts/login/", {"login": "mallory", "password": PASSWORD}).status_code == 200


def test_a_new_password_must_be_long(client):
    person = MembershipFactory(person__signs_in=True).person
    sign_in(client, person)
    form = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    assert "at least 12" in client.post("/accounts/password/change/", form).text
    form |= {"password1": "long enough a sentence", "password2": "long enough a sentence"}
    assert client.post("/accounts/password/change/", form).status_code == 302


def test_signing_out_ends_the_session(client, administrator):
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "2fa/",
        "2fa/webauthn/",
        "2fa/webauthn/add/",
        "2fa/totp/activate/",
        "password/change/",
        "logout/",
        "reauthenticate/",
    ],
)
def test_every_page_about_the_account_has_a_title_and_one_heading(client, path):
    sign_in(client, MembershipFactory(person__signs_in=True).person)
    confirm(client)
    page = client.get(f"/accounts/{path}").text
    assert page.count("<h1") == 1
    assert "<title> ·" not in page
