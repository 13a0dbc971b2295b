"""Sealed files: only the receivers open them, only whole, only as they were signed, in constant memory."""

import io
import tracemalloc
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sild.trust import documents
from sild.trust.encoding import canonical
from sild.trust.errors import SealError, TrustError
from sild.trust.evidence import Known
from sild.trust.identity import NodeKeys
from sild.trust.rotation import rotate
from sild.trust.seal import HPKE
from sild.trust.sealed import FORMAT, open_file, seal_file

pytestmark = pytest.mark.unit
NOW = datetime.now(UTC)
CHUNK = 16 * 1024


def sealed_by(keys, data, receivers, *, named=None):
    names = named or [one.node for one in receivers]
    statement = documents.state(keys, [data], name="plan.pdf", now=NOW, receivers=names)
    target = io.BytesIO()
    seal_file(io.BytesIO(data), target, documents.sign(keys, statement), receivers)
    return target.getvalue()


def opened(data, keys, known=None):
    target = io.BytesIO()
    verdict, signature = open_file(io.BytesIO(data), target, keys, known)
    return verdict, signature, target.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * 1024 * 1024 + 5])
def test_a_receiver_opens_what_was_sealed_and_sees_who_signed(tallinn, kyiv, kyiv_identity, size):
    data = bytes(place % 251 for place in range(size))
    verdict, signature, plain = opened(sealed_by(tallinn, data, [kyiv_identity]), kyiv)
    assert (verdict.ok, verdict.statement.signer, plain) == (True, "tallinn", data)
    assert documents.verify([data], signature).ok


def test_each_of_several_receivers_opens_it(tallinn, kyiv, tallinn_identity, kyiv_identity):
    data = sealed_by(tallinn, b"both", [tallinn_identity, kyiv_identity])
    assert opened(data, kyiv)[2] == opened(data, tallinn)[2] == b"both"


def test_nobody_else_opens_it(tallinn, kyiv_identity):
    with pytest.raises(SealError) as caught:
        opened(sealed_by(tallinn, b"x", [kyiv_identity]), NodeKeys.generate("riga", now=NOW))
    assert caught.value.code == "not-for-us"


def test_a_receiver_cannot_pass_it_on_as_if_it_had_been_for_another(tallinn, tallinn_identity, kyiv_identity, kyiv):
    passed_on = sealed_by(tallinn, b"x", [kyiv_identity], named=["riga"])
    verdict, _signature, _plain = opened(passed_on, kyiv)
    assert (verdict.ok, verdict.code) == (False, "receiver")


def test_it_opens_with_the_key_of_before_during_the_overlap(tallinn, kyiv, kyiv_identity):
    new = rotate(kyiv, kyiv.root, ["seal"], now=NOW)
    assert opened(sealed_by(tallinn, b"x", [kyiv_identity]), new)[0].ok


def test_what_the_caller_knows_of_the_signer_counts(tallinn, kyiv, kyiv_identity):
    asked = []

    def known(node):
        asked.append(node)
        return Known(fingerprint=kyiv.fingerprint)

    assert opened(sealed_by(tallinn, b"x", [kyiv_identity]), kyiv, known)[0].code == "fingerprint"
    assert asked == ["tallinn"]


def test_every_cut_and_every_changed_bit_is_noticed(tallinn, kyiv, kyiv_identity):
    data = sealed_by(tallinn, bytes(2 * CHUNK), [kyiv_identity])
    body = data.index(b"\n") + 1
    places = [*range(0, len(data), len(data) // 150), body, body + 24, body + 56, len(data) - 1]
    for place in places:
        for broken in (data[:place], data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]):
            with pytest.raises(TrustError):
                opened(broken, kyiv)


def test_chunks_cannot_be_moved_or_added(tallinn, kyiv, kyiv_identity):
    data = sealed_by(tallinn, bytes(5 * CHUNK), [kyiv_identity])
    start = data.index(b"\n") + 1 + 56
    one, two = (data[start + number * (CHUNK + 16) : start + (number + 1) * (CHUNK + 16)] for number in (1, 2))
    for broken in (data.replace(one + two, two + one), data + one, data.replace(one, b"")):
        with pytest.raises(SealError):
            opened(broken, kyiv)


def test_the_chunks_are_those_of_the_specification(tallinn, kyiv, kyiv_identity):
    """Read by hand, as c2sp.org/chunked-encryption describes Cobblestone-256."""
    data = sealed_by(tallinn, b"abc" * 10_000, [kyiv_identity])
    header, _newline, body = data.partition(b"\n")
    kid = kyiv.seal.public.kid
    wrapped = b64decode(orjson.loads(header)["keys"][kid])
    key = HPKE.decrypt(wrapped, kyiv.seal.for_opening, canonical({"format": FORMAT, "receiver_kid": kid}))
    salt, commitment, chunks = body[:24], body[24:56], body[56:]
    context = FORMAT.encode() + sha256(header).digest()
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + salt + context
    material = HKDFExpand(hashes.SHA512(), 76, info).derive(key)
    assert material[44:] == commitment
    plain = b""
    for number, start in enumerate(range(0, len(chunks), CHUNK + 16)):
        nonce = (int.from_bytes(material[32:44], "big") ^ number).to_bytes(12, "big")
        plain += AESGCM(material[:32]).decrypt(nonce, chunks[start : start + CHUNK + 16], None)
    length = int.from_bytes(plain[:4], "big")
    assert plain[4 + length :] == b"abc" * 10_000


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[]\n", b'{"format":"sild-file/9","keys":{}}\n', b"x" * 300_000])
def test_what_is_no_sealed_file_is_refused(kyiv, data):
    with pytest.raises(SealError) as caught:
        opened(data, kyiv)
    assert caught.value.code == "seal-form"


def test_memory_does_not_grow_with_the_file(tallinn, kyiv, kyiv_identity, tmp_path):
    megabytes = 48
    with (tmp_path / "large").open("wb") as file:
        for _ in range(megabytes):
            file.write(bytes(1024 * 1024))
    with (tmp_path / "large").open("rb") as file:
        statement = documents.state(tallinn, documents.pieces(file), name="large", now=NOW, receivers=["kyiv"])
    signature = documents.sign(tallinn, statement)
    tracemalloc.start()
    try:
        with (tmp_path / "large").open("rb") as source, (tmp_path / "sealed").open("wb") as target:
            seal_file(source, target, signature, [kyiv_identity])
        with (tmp_path / "sealed").open("rb") as source, (tmp_path / "opened").open("wb") as target:
            verdict, _signature = open_file(source, target, kyiv)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert verdict.ok
    assert peak < 10 * 1024 * 1024
