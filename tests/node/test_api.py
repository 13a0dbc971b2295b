from __future__ import annotations

import pytest
from django.http import Http404
from django.test import RequestFactory
from ninja.errors import HttpError, ValidationError

from people.factories import MembershipFactory
from sild.node import api
from sild.people import services
from sild.people.actor import Actor
from sild.people.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_description_is_for_whoever_has_a_token(client):
    assert client.get("/api/v1/openapi.json").status_code == 401
    actor = Actor.of(MembershipFactory(role=Role.EDITOR).person)
    _token, secret = services.issue_token(actor, "robot", Role.VIEWER)
    document = client.get("/api/v1/openapi.json", headers={"authorization": f"Bearer {secret}"}).json()
    assert document["info"]["title"] == "Sild"
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    assert all("application/problem+json" in one["responses"]["4XX"]["content"] for one in operations)


def test_there_is_no_page_with_scripts_from_elsewhere(client, administrator):
    assert client.get("/api/v1/docs").status_code == 404


@pytest.mark.parametrize(
    ("handler", "error", "status"),
    [
        (api.invalid, ValidationError([{"loc": ["body"], "msg": "Field required"}]), 422),
        (api.http_error, HttpError(409, "It is there already."), 409),
        (api.missing, Http404(), 404),
    ],
)
def test_every_error_is_a_problem(handler, error, status):
    response = handler(RequestFactory().get("/api/v1/x"), error)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"


def test_somebody_without_a_role_is_not_let_in():
    request = RequestFactory().get("/api/v1/x")
    request.actor = Actor(who="x", role=None)
    assert api.Token()(request) is None
    request.actor = Actor.operator()
    assert api.Token()(request) is request.actor
