"""What the doctor says about the node's keys."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from sild.node.doctor import _identity
from sild.trust.identity import NodeKeys

pytestmark = pytest.mark.integration


@pytest.fixture
def findings(tmp_path):
    def examine(age):
        NodeKeys.generate("tallinn", now=datetime.now(UTC) - timedelta(days=age)).save(tmp_path / "keys")
        return {one.name: one for one in _identity(dataclasses.replace(settings.CONFIG, home=tmp_path))}

    return examine


def test_new_keys_are_in_order(findings):
    [finding] = findings(0).values()
    assert (finding.ok, "serial 1" in finding.detail) == (True, True)


def test_a_sealing_key_that_ends_soon_is_named_with_what_to_do(findings):
    found = findings(85)
    assert list(found) == ["identity: seal"]
    assert not found["identity: seal"].ok
    assert found["identity: seal"].mend.endswith("sild trust rotate seal")


def test_an_identity_that_ran_out_is_named(findings):
    finding = findings(400)["identity"]
    assert (finding.ok, "ran out" in finding.detail) == (False, True)


def test_missing_keys_are_named(tmp_path):
    [finding] = _identity(dataclasses.replace(settings.CONFIG, home=tmp_path))
    assert not finding.ok
