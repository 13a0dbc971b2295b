"""What runs out is said before it does."""

from datetime import UTC, datetime, timedelta

import pytest

from sild.trust.identity import Identity, NodeKeys
from sild.trust.lifetimes import LIFETIMES, OVERLAP_DAYS, ROLES, endings
from sild.trust.rotation import rotate

pytestmark = pytest.mark.unit
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def keys():
    return NodeKeys.generate("tallinn", now=NOW)


def at(keys, days):
    return [
        (ending.what, ending.days)
        for ending in endings(Identity.parse(keys.document, on=None), NOW + timedelta(days=days))
    ]


def test_every_role_has_a_lifetime_with_a_reason():
    assert all(LIFETIMES[role].reason and LIFETIMES[role].days > OVERLAP_DAYS for role in ROLES)


def test_a_new_node_is_told_nothing(keys):
    assert at(keys, 0) == []


def test_the_sealing_key_is_named_two_weeks_before_it_ends_and_after(keys):
    assert [what for what, _ in at(keys, 75)] == []
    assert [what for what, _ in at(keys, 78)] == ["seal"]
    what, days = at(keys, 100)[0]
    assert (what, days < 0) == ("seal", True)


def test_the_yearly_keys_and_the_document_are_named_a_month_before(keys):
    new = rotate(keys, keys.root, ["seal"], now=NOW + timedelta(days=300))
    assert {what for what, _ in at(new, 340)} == {"identity", "sign", "log", "tls"}


def test_the_document_ends_with_the_first_of_its_yearly_keys(keys):
    new = rotate(keys, keys.root, ["seal", "tls"], now=NOW + timedelta(days=300))
    assert Identity.parse(new.document, on=None).expires == (NOW + timedelta(days=365)).date()
