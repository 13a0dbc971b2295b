"""The document as a JWK Set that any reader of RFC 7517 understands."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import orjson
import pytest

from sild.trust.encoding import b64u, canonical
from sild.trust.identity import Identity
from sild.trust.keyset import Entry, Revocation, read, read_time
from sild.trust.rotation import rotate

pytestmark = pytest.mark.unit
NOW = datetime.now(UTC)
# RFC 8037 section 2 and RFC 9964: what is required of a key, and thus hashed for its thumbprint.
REQUIRED = {"OKP": ("crv", "kty", "x"), "AKP": ("alg", "kty", "pub")}


def test_the_document_is_a_jwk_set_whose_kids_are_thumbprints(tallinn):
    for key in orjson.loads(tallinn.identity_document())["keys"]:
        required = {name: key[name] for name in REQUIRED[key["kty"]]}
        assert key["kid"] == b64u(sha256(canonical(required)).digest())
        assert key["use"] == ("enc" if key["role"] == "seal" else "sig")


def test_no_private_part_is_in_it(tallinn):
    for key in orjson.loads(tallinn.identity_document())["keys"]:
        assert not {"d", "priv"} & set(key)


def test_what_was_written_is_read_back(tallinn):
    keyset, signatures, _signed = read(tallinn.identity_document())
    assert (keyset.node, keyset.serial) == ("tallinn", 1)
    assert keyset.sign(tallinn.root) != b""
    assert set(signatures) == {"Ed25519", "ML-DSA-87"}
    assert all(Entry.from_jwk(entry.jwk) == entry for entry in keyset.entries)


def test_generations_come_newest_first_and_older_ones_end(tallinn):
    new = rotate(tallinn, tallinn.root, ["log"], now=NOW)
    keyset = Identity.parse(new.document, on=None).keyset
    assert list(keyset.of("log")) == [2, 1]
    assert list(keyset.at(NOW + timedelta(days=31)).of("log")) == [2]
    assert list(keyset.at(NOW + timedelta(days=3000)).of("tls")) == [1]


@pytest.mark.parametrize("text", ["2026-11-25", "2026-1-05T16:00:00Z", "2026-11-25T16:00:00+00:00"])
def test_time_has_one_spelling(text):
    with pytest.raises(ValueError, match=r"time|format"):
        read_time(text)


@pytest.mark.parametrize("change", [{"reason": "bored"}, {"role": "root"}, {"more": "x"}])
def test_a_revocation_has_one_form(change):
    good = {"kid": "A" * 43, "role": "tls", "reason": "lost", "at": "2026-11-25T16:00:00Z"}
    assert Revocation.read(good).plain == good
    with pytest.raises(ValueError, match="revocation"):
        Revocation.read({**good, **change})
