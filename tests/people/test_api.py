"""The machine API of tokens, as a client with a token sees it."""

import json

import pytest

from people.factories import AgencyFactory
from sild.people import services
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import ApiToken

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def agency(db):
    return AgencyFactory(slug="ria")


@pytest.fixture
def secret_of(agency):
    """A new token's secret, by role."""

    def issue(role):
        return services.issue_token(Actor.operator(), "robot", role, agency=agency)[1]

    return issue


@pytest.fixture
def call(client):
    def send(secret, method, path, body=None):
        answer = client.generic(
            method,
            f"/api/v1/people{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"authorization": f"Bearer {secret}"},
        )
        return answer.status_code, json.loads(answer.content)

    return send


def test_a_token_can_ask_who_it_is(call, secret_of):
    status, me = call(secret_of(Role.EDITOR), "GET", "/me")
    assert status == 200
    assert me == {"who": "token robot", "agency": "ria", "role": "editor", "rights": ["view", "edit"]}


def test_an_unknown_token_is_nobody(call):
    assert call("sild_unknown", "GET", "/me")[0] == 401


def test_a_token_is_issued_with_a_secret_that_works_until_it_is_revoked(call, secret_of):
    administrator = secret_of(Role.ADMINISTRATOR)
    status, issued = call(administrator, "POST", "/tokens", {"name": "reader", "role": "viewer"})
    assert (status, issued["token"]["role"], issued["token"]["agency"]) == (201, "viewer", "ria")
    assert call(issued["secret"], "GET", "/me")[0] == 200
    status, revoked = call(administrator, "POST", f"/tokens/{issued['token']['id']}/revoke")
    assert (status, revoked["revoked"] is not None) == (200, True)
    assert call(issued["secret"], "GET", "/me")[0] == 401


def test_tokens_are_listed_without_their_secrets_and_for_one_agency(call, secret_of):
    services.issue_token(Actor.operator(), "other", Role.VIEWER, agency=AgencyFactory())
    status, rows = call(secret_of(Role.ADMINISTRATOR), "GET", "/tokens")
    assert (status, [row["name"] for row in rows]) == (200, ["robot"])
    assert "digest" not in rows[0]


@pytest.mark.parametrize(
    ("role", "method", "path", "body", "status", "code"),
    [
        (Role.EDITOR, "GET", "/tokens", None, 403, "not-allowed"),
        (Role.EDITOR, "POST", "/tokens", {"name": "x", "role": "publisher"}, 403, "not-allowed"),
        (Role.ADMINISTRATOR, "POST", "/tokens", {"name": "x", "role": "king"}, 404, "not-found"),
        (Role.ADMINISTRATOR, "POST", "/tokens", {}, 422, "invalid"),
    ],
)
def test_what_a_token_may_not_do_is_a_problem(call, secret_of, role, method, path, body, status, code):
    answered, problem = call(secret_of(role), method, path, body)
    assert (answered, problem["code"]) == (status, code)


def test_another_agencys_token_cannot_be_revoked(call, secret_of):
    other, _secret = services.issue_token(Actor.operator(), "other", Role.VIEWER, agency=AgencyFactory())
    assert call(secret_of(Role.ADMINISTRATOR), "POST", f"/tokens/{other.pk}/revoke")[0] == 404
    assert ApiToken.objects.get(pk=other.pk).revoked is None
