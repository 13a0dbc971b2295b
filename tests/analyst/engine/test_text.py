"""What counts as a text."""

import hashlib

import pytest

from sild.analyst.engine.errors import TextError
from sild.analyst.engine.text import MAX_BYTES, check, decode, digest

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("data", ["õun".encode(), b"\xef\xbb\xbf" + "õun".encode(), "õun".encode("utf-16")])
def test_utf_8_and_marked_utf_16_are_read(data):
    assert decode(data) == "õun"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\x7fELF\x00\x01", "binary"),
        (b"\xd5un", "UTF-8"),
        (b"\xff\xfea", "UTF-8"),
        (b"x" * (MAX_BYTES + 1), "at most"),
    ],
)
def test_the_rest_is_refused_with_a_sentence(data, words):
    with pytest.raises(TextError, match=words):
        decode(data, "a.txt")


def test_a_longer_text_is_refused():
    with pytest.raises(TextError, match="at most"):
        check("x" * (MAX_BYTES + 1))


def test_the_digest_is_that_of_the_utf_8_bytes():
    assert digest("õun") == "sha256:" + hashlib.sha256("õun".encode()).hexdigest()
    assert digest("\ud800").startswith("sha256:")
