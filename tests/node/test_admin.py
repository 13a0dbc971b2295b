from __future__ import annotations

import pytest

from node.factories import RecordFactory
from people.factories import AgencyFactory, PersonFactory
from sild.people.actor import Actor
from sild.people.audit import note
from sild.people.models import AuditEntry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def superuser(client):
    person = PersonFactory(is_superuser=True)
    client.force_login(person)
    return person


def test_staff_that_is_not_superuser_is_sent_to_the_sign_in(client):
    client.force_login(PersonFactory(is_staff=True))
    assert client.get("/admin/people/person/").url.startswith("/admin/login/")
    assert client.get("/admin/login/").url.startswith("/accounts/login/")


def test_evidence_is_read_and_never_changed(client, superuser):
    record = RecordFactory()
    entry = note(Actor.operator(), "people.test")
    for address in (f"exchange/record/{record.pk}", f"people/auditentry/{entry.pk}"):
        page = client.get(f"/admin/{address}/change/")
        assert page.status_code == 200
        assert 'name="_save"' not in page.text
        assert client.post(f"/admin/{address}/change/", {"who": "somebody else"}).status_code == 403
        assert client.post(f"/admin/{address}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/exchange/record/add/").status_code == 403


def test_what_a_superuser_changes_is_in_the_audit_trail(client, superuser):
    client.post("/admin/people/agency/add/", {"name": "Board", "slug": "board"})
    agency = AgencyFactory()
    client.post(f"/admin/people/agency/{agency.pk}/change/", {"name": "New name", "slug": agency.slug})
    client.post(f"/admin/people/agency/{agency.pk}/delete/", {"post": "yes"})
    actions = AuditEntry.objects.order_by("id").values_list("action", "target")
    assert list(actions) == [
        ("admin.add", "Agency: Board"),
        ("admin.change", "Agency: New name"),
        ("admin.remove", "Agency: New name"),
    ]
