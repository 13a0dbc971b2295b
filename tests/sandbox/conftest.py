"""A node called tallinn with real keys, its people, and a partner called kyiv that keeps a log of its own."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings

from exchange.peer import Peer
from sandbox.factories import ECHO, numbers, write_solution, write_suite
from sild.exchange import partners
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.sandbox import services
from sild.trust.identity import NodeKeys


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tallinn") / "keys"
    NodeKeys.generate("tallinn", now=datetime.now(UTC)).save(folder)
    return folder


@pytest.fixture
def tallinn(settings, keys_folder, tmp_path):
    """A home of its own for each test, with the session's keys."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "keys").symlink_to(keys_folder)
    settings.CONFIG = dataclasses.replace(django_settings.CONFIG, node="tallinn", home=home)
    return home


@pytest.fixture
def operator():
    return Actor.operator()


@pytest.fixture
def editor(db):
    return Actor(who="mari", role=Role.EDITOR, agency=Agency.objects.create(slug="ria", name="Example agency"))


@pytest.fixture
def stranger(db):
    return Actor(who="jaan", role=Role.ADMINISTRATOR, agency=Agency.objects.create(slug="ppa", name="Another agency"))


@pytest.fixture
def kyiv(tallinn, db, operator):
    peer = Peer(NodeKeys.generate("kyiv", now=datetime.now(UTC)))
    partner = partners.add(operator, peer.keys.identity_document(), "https://127.0.0.1:1")
    peer.partner = partners.pin(operator, "kyiv", partner.fingerprint)
    return peer


@pytest.fixture
def solution(tallinn, operator, tmp_path, db):
    return services.register(operator, write_solution(tmp_path / "echo", ECHO))


@pytest.fixture
def suite(tallinn, operator, tmp_path, db):
    return services.add_suite(operator, write_suite(tmp_path / "copy", numbers(300)))
