from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from people.factories import MembershipFactory, PersonFactory
from sild.people import services
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.middleware import NOBODY, ActorMiddleware

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def reset_language():
    yield
    translation.activate("en")


def acting(path="/", *, person=None, method="get", **headers):
    request = getattr(RequestFactory(), method)(path, headers=headers)
    request.user = person or AnonymousUser()
    ActorMiddleware(lambda _request: HttpResponse())(request)
    return request


def answer(request, view=lambda _request: HttpResponse()):
    return ActorMiddleware(lambda _request: HttpResponse()).process_view(request, view, (), {})


@pytest.fixture
def editor():
    return MembershipFactory(role=Role.EDITOR)


def test_a_signed_in_person_acts_in_their_role_and_agency(editor):
    actor = acting(person=editor.person).actor
    assert (actor.person, actor.agency, actor.role, actor.via) == (editor.person, editor.agency, Role.EDITOR, "page")


def test_whoever_has_not_signed_in_is_sent_to_the_sign_in_and_back():
    request = acting("/records/?page=2")
    assert request.actor is NOBODY
    assert answer(request).url == "/accounts/login/?next=/records/%3Fpage%3D2"


def test_an_open_view_is_open():
    def view(_request):
        return HttpResponse()

    view.login_required = False
    assert answer(acting(), view) is None


def test_a_token_acts_on_the_api(editor):
    _token, secret = services.issue_token(Actor.of(editor.person), "robot", Role.VIEWER)
    request = acting("/api/v1/records", authorization=f"Bearer {secret}")
    assert (request.actor.agency, request.actor.role, request.actor.via) == (editor.agency, Role.VIEWER, "api")
    assert answer(request) is None


def test_a_token_is_nothing_to_the_pages(editor):
    _token, secret = services.issue_token(Actor.of(editor.person), "robot", Role.VIEWER)
    assert acting("/records/", authorization=f"Bearer {secret}").actor is NOBODY


def test_a_wrong_token_gets_a_problem_even_when_a_session_is_there(editor):
    request = acting("/api/v1/records", person=editor.person, authorization="Bearer sild_wrong")
    response = answer(request)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == 'Bearer realm="sild"'
    assert json.loads(response.content)["code"] == "unauthorised"


def test_a_session_reads_the_api_but_changes_nothing_there(editor):
    assert acting("/api/v1/records", person=editor.person).actor.agency == editor.agency
    assert acting("/api/v1/records", person=editor.person, method="post").actor is NOBODY


def test_pages_speak_the_language_that_the_person_chose():
    request = acting(person=PersonFactory(language="uk"))
    assert request.LANGUAGE_CODE == "uk"
    assert translation.get_language() == "uk"


def test_a_person_without_a_role_is_somebody_without_rights():
    request = acting(person=PersonFactory())
    assert request.actor.role is None
    assert answer(request) is None
