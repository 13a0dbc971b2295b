"""Keys of two nodes, made once, since making lattice keys for every test would only warm the room."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sild.trust.identity import Identity, NodeKeys


@pytest.fixture(scope="session")
def tallinn():
    return NodeKeys.generate("tallinn", now=datetime.now(UTC))


@pytest.fixture(scope="session")
def kyiv():
    return NodeKeys.generate("kyiv", now=datetime.now(UTC))


@pytest.fixture(scope="session")
def tallinn_identity(tallinn):
    return Identity.parse(tallinn.identity_document(), on=None)


@pytest.fixture(scope="session")
def kyiv_identity(kyiv):
    return Identity.parse(kyiv.identity_document(), on=None)
