"""Keccak-256 by the digests that its users publish."""

import pytest

from sild.analyst.engine.keccak import keccak256

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_the_digest_is_the_published_one(data, digest):
    assert keccak256(data).hex() == digest


def test_a_block_that_is_full_gets_a_block_of_padding():
    assert keccak256(b"a" * 136) != keccak256(b"a" * 135)
    assert len(keccak256(b"a" * 136)) == 32
