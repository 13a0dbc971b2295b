"""A node called tallinn with an agency that runs a threat desk, and a partner called kyiv with a log of its own."""

from __future__ import annotations

from base64 import b64decode

import pytest
from django.utils import timezone

from exchange.conftest import kyiv, kyiv_keys, operator, pinned, tallinn, tallinn_keys
from sild.exchange import kinds
from sild.exchange.rows import row
from sild.exchange.services import apply_withdrawals
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.trust.proof import format_proof
from sild.trust.record import Reference, parse_record

__all__ = ["kyiv", "kyiv_keys", "operator", "pinned", "tallinn", "tallinn_keys"]


@pytest.fixture
def agency(db):
    return Agency.objects.create(slug="cert", name="Example CERT")


@pytest.fixture
def publisher(agency):
    return Actor(who="publisher", role=Role.PUBLISHER, agency=agency)


@pytest.fixture
def viewer(agency):
    return Actor(who="viewer", role=Role.VIEWER, agency=agency)


@pytest.fixture
def hear(pinned, kyiv):
    """Make a record of kyiv's arrive, with its proof, as an import does it."""

    def arrive(body, *, kind="threats.bundle", **header):
        named = {name: Reference(id=str(one.pk), hash=one.hash) for name, one in header.items() if name in NAMES}
        raw = kyiv.publish(body, kind=kind, subject="from kyiv", **{**header, **named})
        entry = kyiv.page()["entries"][-1]
        record = row(parse_record(raw), entry["index"], received=timezone.now())
        path = [b64decode(node) for node in entry["path"]]
        record.proof = format_proof(record.leaf_index, path, kyiv.checkpoint())
        record.save(force_insert=True)
        apply_withdrawals([record])
        kinds.require(kind).arrived(record)
        kinds.announce([record])
        return record

    return arrive


NAMES = ("answers", "replaces", "withdraws")
