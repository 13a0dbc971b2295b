"""A node called tallinn that got a report of the sandbox from kyiv, as the exchange's tests have them."""

from __future__ import annotations

from base64 import b64decode

import pytest
from django.utils import timezone

from exchange.conftest import kyiv, kyiv_keys, operator, pinned, tallinn, tallinn_keys
from sild.analyst import packing, services
from sild.exchange.rows import row
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.trust.proof import format_proof
from sild.trust.record import parse_record

__all__ = ["kyiv", "kyiv_keys", "operator", "pinned", "tallinn", "tallinn_keys"]


@pytest.fixture
def agency(db):
    return Agency.objects.create(slug="ria", name="Example agency")


@pytest.fixture
def editor(agency):
    return Actor(who="editor", role=Role.EDITOR, agency=agency)


@pytest.fixture
def publisher(agency):
    return Actor(who="publisher", role=Role.PUBLISHER, agency=agency)


@pytest.fixture
def report_from_kyiv(pinned, kyiv):
    """Make a report arrive, with its proof; `changes` go into its body."""

    def arrive(**changes):
        body = {
            "solution": {"name": "threat-analyst", "version": "0.1.0", "digest": packing.solution_digest()},
            "suite": {"name": "attack-techniques", "version": "0.1.0"},
            "passed": True,
            **changes,
        }
        raw = kyiv.publish(body, kind="sandbox.report", subject="threat-analyst 0.1.0")
        page = kyiv.page()
        entry = page["entries"][-1]
        path = [b64decode(node) for node in entry["path"]]
        record = row(parse_record(raw), entry["index"], received=timezone.now())
        record.proof = format_proof(record.leaf_index, path, page["checkpoint"])
        record.save(force_insert=True)
        return record

    return arrive


@pytest.fixture
def in_use(operator, report_from_kyiv):
    return services.activate(operator, str(report_from_kyiv().pk), ["kyiv"], "GREEN")
