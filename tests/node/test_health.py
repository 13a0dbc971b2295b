from __future__ import annotations

import dataclasses

import pytest
from django.db import DatabaseError, connection

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_living_process_says_so_without_asking_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert response.json() == {"status": "ok"}


def test_a_node_with_database_and_keys_is_ready(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "keys": "ok"}


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
