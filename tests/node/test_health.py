from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from node.factories import PartnerFactory
from sild.exchange import watchdog
from sild.exchange.models import Heartbeat

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_living_process_says_so_without_asking_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert response.json() == {"status": "ok"}


@pytest.fixture
def beating(db):
    for part in watchdog.PARTS:
        watchdog.Pulse(part).beat()


@pytest.mark.usefixtures("beating")
def test_a_node_with_database_and_keys_whose_parts_work_is_ready(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    parts = dict.fromkeys(watchdog.PARTS, "ok")
    assert response.json() == {"status": "ok", "database": "ok", "keys": "ok", **parts, "silent_partners": 0}


@pytest.mark.usefixtures("beating")
@pytest.mark.parametrize("part", watchdog.PARTS)
def test_a_node_with_a_part_that_is_still_is_not_ready(client, part):
    Heartbeat.objects.filter(part=part).update(at=timezone.now() - timedelta(hours=1))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()[part].startswith("silent for 36")


@pytest.mark.usefixtures("beating")
def test_a_partner_that_is_down_leaves_the_node_ready(client):
    PartnerFactory(pinned_at=timezone.now() - timedelta(hours=1))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["silent_partners"]) == (200, 1)


def test_a_node_without_keys_is_not_ready(client, settings, tmp_path):
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["keys"] == "cannot be read"
    assert str(tmp_path) not in response.text


def test_a_waiting_migration_makes_the_node_not_ready(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'exchange'")
    assert client.get("/readyz").json()["database"] == "migrations wait"


def test_a_silent_database_makes_the_node_not_ready(client):
    def broken(*_args):
        raise DatabaseError("gone")

    with connection.execute_wrapper(broken):
        response = client.get("/readyz")
    assert response.json()["database"] == "does not answer"
