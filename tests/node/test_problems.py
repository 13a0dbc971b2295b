from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory

from sild.exchange.errors import ExchangeError
from sild.node import problems
from sild.people.errors import AlreadyExistsError, NotAllowedError, NotFoundError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def handled(error, path="/"):
    middleware = problems.ProblemMiddleware(lambda _request: None)
    return middleware.process_exception(RequestFactory().get(path), error)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotAllowedError("You lack the right."), 403),
        (NotFoundError("There is none."), 404),
        (AlreadyExistsError("It is taken."), 409),
        (ExchangeError("That cannot be."), 400),
    ],
)
def test_an_error_of_ours_becomes_a_page_with_its_sentence(error, status):
    response = handled(error)
    assert response.status_code == status
    assert str(error) in response.text


def test_an_error_of_ours_is_a_problem_on_the_api():
    response = handled(NotFoundError("There is none."), "/api/v1/records/x")
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is none.",
        "code": "not-found",
    }


def test_an_error_of_somebody_elses_is_left_alone():
    class StrangeError(Exception):
        code = "strange"

    assert handled(StrangeError()) is None
    assert handled(ValueError()) is None


def test_a_missing_page_is_told_in_words_and_gives_no_addresses_away(client, administrator):
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is no page at this address." in response.text
    assert "urlpatterns" not in response.text


def test_a_missing_api_address_is_a_problem(client, administrator):
    response = client.get("/api/v1/nowhere")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_a_form_without_its_token_is_refused_with_a_sentence(administrator):
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator.person)
    response = client.post("/act-for/", {})
    assert response.status_code == 403
    assert "load the page again" in response.text


def test_django_s_own_refusals_have_pages_too():
    request = RequestFactory().get("/")
    assert problems.bad_request(request, SuspiciousOperation("../etc")).status_code == 400
    assert "etc" not in problems.bad_request(request, SuspiciousOperation("../etc")).text
    assert "No." in problems.forbidden(request, PermissionDenied("No.")).text
    assert "You may not see this page." in problems.forbidden(request, PermissionDenied()).text


def test_a_mistake_of_the_node_shows_no_traceback():
    response = problems.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "it is in its log" in response.text
    assert problems.server_error(RequestFactory().get("/api/v1/"))["Content-Type"] == "application/problem+json"
