"""A node called tallinn with real keys, and somebody signed in."""

from __future__ import annotations

import dataclasses
import os
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


@pytest.fixture(scope="session")
def base_url():
    """Instead of pytest-base-url's, whose way of being a fixture pytest warns about."""
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    arguments = ["--disable-background-networking", "--disable-component-update"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses its own sandbox to root
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": arguments}


@pytest.fixture(autouse=True, scope="session")
def database_beside_the_browser():
    """Playwright keeps an event loop in this thread; Django would refuse the database there."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
