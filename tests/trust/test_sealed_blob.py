"""Sealed attachments: any range is the same bytes, the library opens them, nothing else does."""

import io
import random
from datetime import UTC, datetime

import pytest

from sild.trust.errors import SealError
from sild.trust.rotation import rotate
from sild.trust.sealed_blob import CHUNK, SealedBlob, new_head, opened, sealed_size

pytestmark = pytest.mark.unit
CONTEXT = {"sender": "tallinn", "receiver": "kyiv", "record": "1", "blob": "2"}
CHANCE = random.Random(1)


def sealed(data, tallinn, kyiv, head=None):
    head = head or new_head([kyiv.seal.public, tallinn.seal.public], CONTEXT)
    return SealedBlob.of(head, len(data), lambda start, length: data[start : start + length], tallinn, CONTEXT)


def plain(data, keys, context=CONTEXT):
    return b"".join(opened(io.BytesIO(data), keys, context))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, 3_000_000])
def test_the_receiver_opens_it_with_the_librarys_own_decryptor(tallinn, kyiv, size):
    data = CHANCE.randbytes(size)
    blob = sealed(data, tallinn, kyiv)
    whole = blob.range(0, 10 * size + 10_000)
    assert len(whole) == blob.total == sealed_size(whole.index(b"\n") + 1, size)
    assert plain(whole, kyiv) == plain(whole, tallinn) == data


def test_every_range_is_a_part_of_the_same_whole(tallinn, kyiv):
    data = CHANCE.randbytes(5 * CHUNK + 7)
    blob = sealed(data, tallinn, kyiv)
    whole = blob.range(0, blob.total)
    for _ in range(300):
        start = CHANCE.randrange(blob.total)
        length = CHANCE.choice([1, 100, CHUNK, 3 * CHUNK])
        assert blob.range(start, length) == whole[start : start + length], (start, length)
    assert blob.range(blob.total, 10) == b""
    again = sealed(data, tallinn, kyiv, blob.head)
    assert again.range(0, blob.total) == whole


def test_parts_of_any_size_make_the_whole(tallinn, kyiv):
    data = CHANCE.randbytes(2 * CHUNK)
    blob = sealed(data, tallinn, kyiv)
    parts, at = [], 0
    while part := blob.range(at, CHANCE.randrange(1, CHUNK)):
        parts.append(part)
        at += len(part)
    assert plain(b"".join(parts), kyiv) == data


def test_it_opens_with_the_key_of_before_during_the_overlap(tallinn, kyiv):
    whole = sealed(b"x", tallinn, kyiv).range(0, 10_000)
    assert plain(whole, rotate(kyiv, kyiv.root, ["seal"], now=datetime.now(UTC))) == b"x"


def test_another_place_another_node_or_a_changed_bit_does_not_open(tallinn, kyiv):
    whole = sealed(bytes(3 * CHUNK), tallinn, kyiv).range(0, 100_000)
    with pytest.raises(SealError) as caught:
        plain(whole, kyiv, {**CONTEXT, "record": "3"})
    assert caught.value.code == "seal"
    only = new_head([kyiv.seal.public], CONTEXT)
    with pytest.raises(SealError) as caught:
        sealed(b"x", tallinn, kyiv, only)
    assert caught.value.code == "not-for-us"
    body = whole.index(b"\n") + 1
    for place in (2, body - 20, body, body + 30, body + 60, body + CHUNK + 100, len(whole) - 1):
        for broken in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]):
            with pytest.raises(SealError):
                plain(broken, kyiv)


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[]\n", b'{"format":"sild-blob/9","keys":{}}\n', b"x" * 100_000])
def test_what_is_no_sealed_file_is_refused(kyiv, data):
    with pytest.raises(SealError) as caught:
        plain(data, kyiv)
    assert caught.value.code == "seal-form"
