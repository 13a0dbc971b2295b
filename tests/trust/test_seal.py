"""Sealing: each receiver opens it, nobody else does, and not in another place."""

import pytest

from sild.trust.encoding import b64, unb64
from sild.trust.errors import SealError
from sild.trust.seal import open_sealed, seal

pytestmark = pytest.mark.unit
PLACE = {"receiver": "kyiv", "position": "4"}


@pytest.fixture
def sealed(kyiv_identity):
    return seal("tere, привіт".encode(), [kyiv_identity], sender="tallinn", context=PLACE)


def test_the_receiver_opens_it(sealed, kyiv):
    assert open_sealed(sealed, kyiv, sender="tallinn", context=PLACE).decode() == "tere, привіт"


def test_several_receivers_open_the_same_body(kyiv, tallinn, kyiv_identity, tallinn_identity):
    sealed = seal(b"body", [kyiv_identity, tallinn_identity], sender="riga", context={})
    assert [open_sealed(sealed, keys, sender="riga", context={}) for keys in (kyiv, tallinn)] == [b"body", b"body"]


def test_nobody_else_opens_it(sealed, tallinn):
    with pytest.raises(SealError) as caught:
        open_sealed(sealed, tallinn, sender="tallinn", context=PLACE)
    assert caught.value.code == "not-for-us"


@pytest.mark.parametrize(
    ("sender", "context"),
    [("riga", PLACE), ("tallinn", {**PLACE, "position": "5"}), ("tallinn", {}), ("tallinn", {**PLACE, "more": "x"})],
)
def test_a_seal_moved_elsewhere_does_not_open(sealed, kyiv, sender, context):
    with pytest.raises(SealError):
        open_sealed(sealed, kyiv, sender=sender, context=context)


def flip(text, place):
    data = bytearray(unb64(text))
    data[place] ^= 1
    return b64(bytes(data))


@pytest.mark.parametrize("place", [0, -1])
def test_a_flipped_bit_in_the_body_is_noticed(sealed, kyiv, place):
    with pytest.raises(SealError):
        open_sealed({**sealed, "body": flip(sealed["body"], place)}, kyiv, sender="tallinn", context=PLACE)


@pytest.mark.parametrize("place", [0, 500, 1100, -1])
def test_a_flipped_bit_in_the_wrapped_key_is_noticed(sealed, kyiv, place):
    kid, wrapped = next(iter(sealed["keys"].items()))
    with pytest.raises(SealError):
        open_sealed({**sealed, "keys": {kid: flip(wrapped, place)}}, kyiv, sender="tallinn", context=PLACE)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"version": "sild-seal/1"},
        {"version": "sild-seal/1", "keys": [], "body": ""},
        {"version": "sild-seal/2", "keys": {}, "body": ""},
    ],
)
def test_what_is_no_sealed_body_is_refused(broken, kyiv):
    with pytest.raises(SealError):
        open_sealed(broken, kyiv, sender="tallinn", context=PLACE)


def test_sealing_twice_gives_different_bytes(kyiv_identity):
    one, two = (seal(b"body", [kyiv_identity], sender="tallinn", context={}) for _ in range(2))
    assert one["body"] != two["body"]
