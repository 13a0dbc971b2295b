"""A node called tallinn with real keys, and somebody signed in."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings

from people.factories import MembershipFactory
from sild.people.enums import Role
from sild.trust.identity import NodeKeys


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tallinn") / "keys"
    NodeKeys.generate("tallinn", now=datetime.now(UTC)).save(folder)
    return folder


@pytest.fixture(autouse=True)
def tallinn(settings, keys_folder):
    settings.CONFIG = dataclasses.replace(
        django_settings.CONFIG, node="tallinn", title="Tallinn", home=keys_folder.parent
    )
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def administrator(client, db):
    membership = MembershipFactory(role=Role.ADMINISTRATOR)
    client.force_login(membership.person)
    return membership
