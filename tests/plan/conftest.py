"""Tallinn's node with the plan of three parties, A (tallinn), B (kyiv) and C (riga); kyiv is a real peer."""

from __future__ import annotations

import pytest

from exchange.conftest import kyiv, kyiv_keys, operator, pinned, tallinn, tallinn_keys  # noqa: F401 -- fixtures
from plan import abc
from sild.exchange import services as exchange
from sild.exchange.incoming import import_page
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.plan import services

PARTIES = {"A": "tallinn", "B": "kyiv", "C": "riga"}


@pytest.fixture
def plan(db, operator):  # noqa: F811 -- a fixture from the exchange's tests
    return services.load(operator, abc.memorandum(), PARTIES)


@pytest.fixture
def joint(plan):
    return plan.commitments.get(slug="joint")


@pytest.fixture
def say(db, operator):  # noqa: F811
    """Publish a comment at tallinn."""

    def publish(text, **changes):
        values = {"kind": "exchange.comment", "subject": text, "tlp": "GREEN", "audience": "partners"}
        return exchange.publish(operator, body={"text": text}, **{**values, **changes})

    return publish


@pytest.fixture
def hear(pinned, kyiv):  # noqa: F811
    """Publish at kyiv and import here."""

    def arrive(body, **changes):
        kyiv.publish({"text": body} if isinstance(body, str) else body, **changes)
        pinned.refresh_from_db()
        page = kyiv.page(after=pinned.position, have=pinned.their_size)
        imported = import_page(pinned, page)
        return (imported.records or imported.refused)[0]

    return arrive


@pytest.fixture
def verdict(joint):
    """The body of an assessment of the joint commitment."""

    def body(records, verdict="met", **changes):
        named = [record.reference for record in records]
        facts = {"plan": joint.plan_id, "commitment": joint.slug, "verdict": verdict, "reason": "Checked."}
        return {**facts, "evidence": named, **changes}

    return body


@pytest.fixture
def agency(db):
    return Agency.objects.create(slug="ria", name="Example agency")


@pytest.fixture
def acting(agency):
    """Somebody with a role in the example agency."""

    def actor(role):
        return Actor(who=f"a {role}", role=Role(role), agency=agency)

    return actor
