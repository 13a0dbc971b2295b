"""Secrets of other servers at rest."""

import uuid

import pytest
from django.test import override_settings

from sild.threats import sealing
from sild.threats.errors import FeedError

pytestmark = pytest.mark.unit

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


def test_a_secret_comes_back_for_its_owner_and_is_not_to_be_read_meanwhile():
    sealed = sealing.seal("example-secret", ONE)
    assert "example" not in sealed
    assert sealing.unseal(sealed, ONE) == "example-secret"
    assert sealing.seal("example-secret", ONE) != sealed


def test_no_secret_stays_none():
    assert (sealing.seal("", ONE), sealing.unseal("", ONE)) == ("", "")


def test_another_owner_gets_nothing():
    with pytest.raises(FeedError, match="sealed with another key"):
        sealing.unseal(sealing.seal("example-secret", ONE), OTHER)


def test_another_key_opens_nothing():
    sealed = sealing.seal("example-secret", ONE)
    with override_settings(SECRET_KEY="another key"), pytest.raises(FeedError, match="add it again"):
        sealing.unseal(sealed, ONE)


@pytest.mark.parametrize("broken", ["plain secret", "AAAA"])
def test_what_was_never_sealed_is_refused(broken):
    with pytest.raises(FeedError):
        sealing.unseal(broken, ONE)
