"""Tokens that are narrowed: by scope, and by the minute."""

import uuid

import pytest

from people.factories import AgencyFactory
from sild.people import limits, services
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import ScopeError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def token():
    def issue(**narrowed):
        return services.issue_token(Actor.operator(), "a feed", Role.EDITOR, agency=AgencyFactory(), **narrowed)[1]

    return issue


def call(client, secret, path="/api/v1/people/me", **more):
    return client.get(path, headers={"authorization": f"Bearer {secret}"}, **more)


def test_a_token_without_scopes_may_do_what_its_role_may(client, token):
    assert call(client, token()).status_code == 200


def test_a_token_is_good_for_its_scopes_alone(client, token):
    secret = token(scopes=["threats:read"])
    refused = call(client, secret)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")
    assert 'error="insufficient_scope", scope="people:read"' in refused["WWW-Authenticate"]
    assert call(client, secret, "/api/v1/threats/objects").status_code == 200


def test_reading_does_not_cover_writing(client, token):
    secret = token(scopes=["threats:read"])
    headers = {"authorization": f"Bearer {secret}"}
    refused = client.post("/api/v1/threats/seen", {"text": "x"}, content_type="application/json", headers=headers)
    assert refused.status_code == 403


def test_too_many_calls_in_a_minute_have_to_wait(client, token, monkeypatch):
    monkeypatch.setattr("sild.people.limits.time.monotonic", lambda: 30.0)
    secret = token(per_minute=2)
    assert [call(client, secret).status_code for _ in range(3)] == [200, 200, 429]
    assert call(client, secret)["Retry-After"] == "30"


def test_a_new_minute_begins_anew():
    actor, windows = Actor(who="x", role=Role.VIEWER, token_id=uuid.uuid4(), per_minute=1), limits.Windows()
    assert [windows.wait(actor, now) for now in (0.0, 1.0, 60.0)] == [0, 59, 0]


def test_people_and_tokens_without_a_limit_never_wait():
    assert limits.Windows().wait(Actor(who="x", role=Role.VIEWER, per_minute=1)) == 0
    assert limits.Windows().wait(Actor(who="x", role=Role.VIEWER, token_id=uuid.uuid4())) == 0


@pytest.mark.parametrize("scope", ["everything", "threats", "threats:all", ":read"])
def test_what_is_no_scope_is_refused(token, scope):
    with pytest.raises(ScopeError, match="is no scope"):
        token(scopes=[scope])
