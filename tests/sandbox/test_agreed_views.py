"""Pages of registrations and sealed suites: what is shown to whom, and what a click does."""

from __future__ import annotations

import pytest

from people.factories import MembershipFactory
from sandbox.factories import write_solution, write_suite
from sandbox.test_sealed import deliver, items, send
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.sandbox import services
from sild.sandbox.agreements import Offer, Registration, Request
from sild.sandbox.enums import RequestState
from sild.sandbox.execution import execute_run

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def person(client, kyiv, db):
    membership = MembershipFactory(role=Role.PUBLISHER)
    client.force_login(membership.person)
    return Actor.of(membership.person)


@pytest.fixture
def things(person, tmp_path):
    solution = services.register(person, write_solution(tmp_path / "s"))
    return solution, services.add_suite(person, write_suite(tmp_path / "t", items(), name="hidden"))


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


@pytest.mark.parametrize(("language", "words"), [("en", "Register"), ("et", "Registreeri"), ("uk", "Зареєструвати")])
def test_thresholds_are_registered_and_the_run_shows_it(client, things, language, words):
    client.cookies["django_language"] = language
    assert words in page(client, "/sandbox/registrations/")
    solution, suite = things
    form = {"solution": solution.pk, "suite": suite.pk, "tlp": "GREEN", "to": "partners"}
    client.post("/sandbox/registrations/new/", form)
    made = Registration.objects.get()
    assert str(made.record_id) in page(client, "/sandbox/registrations/")
    run = execute_run(services.start_run(Actor.operator(), solution, suite))
    run.agency = suite.agency
    run.save()
    assert str(made.record_id) in page(client, run.get_absolute_url())
    assert suite.digest in page(client, f"/records/{made.record_id}/")


def test_a_form_without_choices_changes_nothing(client, things):
    for address in ("registrations/new", "sealed/offer", "sealed/ask"):
        answer = client.post(f"/sandbox/{address}/", {}, follow=True)
        assert "Choose a" in answer.content.decode()
    assert not Registration.objects.exists()
    assert not Offer.objects.exists()


def test_a_suite_is_offered_a_request_decided_and_answered(client, things, kyiv, tmp_path):
    form = {"suite": things[1].pk, "submissions": 2, "smallest": 5, "tlp": "AMBER", "to": "kyiv"}
    client.post("/sandbox/sealed/offer/", form)
    offered = Offer.objects.get()
    asked = send(kyiv, offered, tmp_path)
    assert "kyiv" in page(client, "/sandbox/sealed/")
    assert client.post(f"/sandbox/sealed/requests/{asked.pk}/accept/").status_code == 302
    asked.refresh_from_db()
    execute_run(asked.run)
    assert client.post(f"/sandbox/sealed/requests/{asked.pk}/answer/").status_code == 302
    asked.refresh_from_db()
    shown = page(client, f"/records/{asked.answer_id}/")
    assert "Submission 1 of at most 2" in shown
    assert "withheld" in shown
    assert things[1].digest in page(client, f"/records/{asked.record_id}/")
    second = send(kyiv, offered, tmp_path)
    client.post(f"/sandbox/sealed/requests/{second.pk}/decline/")
    assert Request.objects.get(pk=second.pk).state == RequestState.DECLINED
    assert client.post(f"/sandbox/sealed/requests/{second.pk}/burn/").status_code == 404


def test_a_partner_is_asked_from_the_page(client, things, kyiv):
    solution, suite = things
    client.post(
        "/sandbox/sealed/offer/",
        {"suite": suite.pk, "submissions": 2, "smallest": 5, "tlp": "GREEN", "to": "partners"},
    )
    body = Record.objects.get(pk=Offer.objects.get().record_id).body
    kyiv.publish(body, kind="sandbox.offer", subject="theirs 1.0", tlp="AMBER", audience=["tallinn"])
    [theirs] = deliver(kyiv).records
    assert "kyiv: theirs 1.0" in page(client, "/sandbox/sealed/")
    assert "Smallest group" in page(client, f"/records/{theirs.pk}/")
    client.post("/sandbox/sealed/ask/", {"solution": solution.pk, "offer": str(theirs.pk)})
    assert Record.objects.get(kind="sandbox.request").audience == ["kyiv"]
