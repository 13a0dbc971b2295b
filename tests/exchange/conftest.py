"""A node called tallinn with real keys, and a real peer called kyiv that keeps a log of its own."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings

from exchange.peer import Peer
from exchange.simulation import make
from people.factories import AgencyFactory
from sild.exchange import own, partners
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.trust.identity import NodeKeys


@pytest.fixture(scope="session")
def tallinn_keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tallinn") / "keys"
    NodeKeys.generate("tallinn", now=datetime.now(UTC)).save(folder)
    return folder


@pytest.fixture(scope="session")
def kyiv_keys():
    return NodeKeys.generate("kyiv", now=datetime.now(UTC))


@pytest.fixture(autouse=True)
def tallinn(settings, tallinn_keys):
    settings.CONFIG = dataclasses.replace(django_settings.CONFIG, node="tallinn", home=tallinn_keys.parent)
    return own.node_keys()


@pytest.fixture
def operator():
    return Actor.operator()


@pytest.fixture
def kyiv(kyiv_keys):
    return Peer(kyiv_keys)


@pytest.fixture
def pinned(db, operator, kyiv):
    partner = partners.add(operator, kyiv.keys.identity_document(), "https://127.0.0.1:1")
    return partners.pin(operator, "kyiv", partner.fingerprint)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory, django_db_blocker):
    """Keys and an empty database for networks of simulated nodes; made once."""
    with django_db_blocker.unblock():
        yield make(tmp_path_factory.mktemp("simulated"))


@pytest.fixture
def agency(db):
    return AgencyFactory()


@pytest.fixture
def call(client, agency):
    """Call the API with a token of the agency; returns status and JSON."""

    def send(method, path, body=None, role=Role.PUBLISHER):
        _token, secret = people.issue_token(Actor.operator(), "robot", role, agency=agency)
        answer = client.generic(
            method,
            f"/api/v1/exchange{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"authorization": f"Bearer {secret}"},
        )
        return answer.status_code, json.loads(answer.content)

    return send
