"""Addresses of wallets by the examples of their own specifications."""

import pytest

from sild.analyst.engine.wallets import kind

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "address",
    [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ],
)
def test_an_address_has_the_right_checksum(address):
    assert kind(address) == "bitcoin"


@pytest.mark.parametrize(
    "address",
    [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "1OlI",
        "1" * 40,
        "z" * 40,
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1qbio",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
        "0x" + "0" * 40,
        "0x" + "g" * 40,
        "0x1234",
        "4" * 95,
        "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3B",
        "",
    ],
)
def test_anything_else_has_not(address):
    assert not kind(address)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "ethereum"),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "ethereum"),
        (
            "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
            "monero",
        ),
        ("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "tron"),
        ("DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L", "dogecoin"),
        ("LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", "litecoin"),
        ("ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", "litecoin"),
    ],
)
def test_other_currencies_are_told_by_version_and_checksum(address, name):
    assert kind(address) == name
