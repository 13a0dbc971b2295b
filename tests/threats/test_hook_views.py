"""The page of webhooks."""

import pytest
from django.urls import reverse

from people.factories import MembershipFactory
from sild.people.enums import Role
from sild.threats.models import Webhook

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def sign_in(client, agency, settings):
    storage = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": storage}
    return lambda role: client.force_login(MembershipFactory(role=role, agency=agency).person)


def test_one_is_set_up_shows_its_key_and_is_removed(client, sign_in):
    sign_in(Role.ADMINISTRATOR)
    given = {"url": "https://1.1.1.1/in", "ceiling": "GREEN"}
    shown = client.post(reverse("threats:webhooks"), given, follow=True).content.decode()
    hook = Webhook.objects.get()
    assert "BEGIN PUBLIC KEY" in shown
    assert f"tallinn/{hook.pk}" in shown
    client.post(reverse("threats:webhook-remove", args=[hook.pk]))
    assert not Webhook.objects.exists()


def test_an_address_inside_is_refused_beside_the_field(client, sign_in):
    sign_in(Role.ADMINISTRATOR)
    answer = client.post(reverse("threats:webhooks"), {"url": "https://127.0.0.1/", "ceiling": "GREEN"})
    assert (answer.status_code, Webhook.objects.count()) == (400, 0)
    assert "SILD_WEBHOOK_NETWORKS" in answer.content.decode()


def test_only_administrators_see_it(client, sign_in):
    sign_in(Role.PUBLISHER)
    assert client.get(reverse("threats:webhooks")).status_code == 403
