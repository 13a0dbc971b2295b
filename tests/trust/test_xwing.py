"""X-Wing against an independent ML-KEM: both sides derive the same keys, and each opens what the other sealed."""

from __future__ import annotations

import secrets

import pytest
from cryptography.exceptions import InvalidTag

from sild.trust.keys import Pair
from sild.trust.seal import HPKE
from trust import xwing

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def pair():
    return Pair.generate("X-Wing")


def test_the_same_seed_makes_the_same_public_key(pair):
    assert xwing.public_key(pair.seed) == pair.public.raw


def test_the_oracle_opens_what_the_node_sealed(pair):
    secret = secrets.token_bytes(32)
    box = HPKE.encrypt(secret, pair.public.for_sealing(), b"a place")
    assert xwing.open_box(pair.seed, box, b"a place") == secret
    with pytest.raises(InvalidTag):
        xwing.open_box(pair.seed, box, b"another place")


def test_the_node_opens_what_the_oracle_sealed(pair):
    secret = secrets.token_bytes(32)
    assert HPKE.decrypt(xwing.seal_box(pair.public.raw, secret, b"a place"), pair.for_opening, b"a place") == secret


def test_a_ciphertext_that_was_changed_is_rejected_in_silence_by_both(pair):
    """FIPS 203: a wrong ML-KEM ciphertext gives another secret and no error, so that only the tag shows it."""
    box = bytearray(HPKE.encrypt(b"secret", pair.public.for_sealing(), b""))
    box[7] ^= 1
    for open_it in (
        lambda: xwing.open_box(pair.seed, bytes(box), b""),
        lambda: HPKE.decrypt(bytes(box), pair.for_opening, b""),
    ):
        with pytest.raises(InvalidTag):
            open_it()
