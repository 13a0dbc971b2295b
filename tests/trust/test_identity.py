"""Identities: what the root signed, nothing else; and keys at rest that only their owner can read."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from dilithium_py.ml_dsa import ML_DSA_87

from sild.trust import suites
from sild.trust.encoding import canonical, unb64u
from sild.trust.errors import IdentityError, SuiteError, TrustError
from sild.trust.identity import Identity, NodeKeys
from sild.trust.keyset import DOMAIN

pytestmark = pytest.mark.unit
TODAY = datetime.now(UTC).date()


def test_a_partner_reads_what_the_node_wrote(tallinn):
    identity = Identity.parse(tallinn.identity_document(), on=TODAY)
    assert identity.node == "tallinn"
    assert identity.fingerprint == tallinn.fingerprint
    assert identity.log_origin == tallinn.log_origin
    assert identity.seal == tallinn.seal.public
    assert identity.tls_thumbprints == {tallinn.tls.public.spki_thumbprint}


def test_a_fingerprint_can_be_read_aloud(tallinn):
    groups = tallinn.fingerprint.split("-")
    assert [len(group) for group in groups] == [4] * 6
    assert not set("".join(groups)) & set("ILOU")


def test_two_nodes_have_different_fingerprints(tallinn, kyiv):
    assert tallinn.fingerprint != kyiv.fingerprint


def test_an_independent_implementation_verifies_the_roots_signature(tallinn):
    content = orjson.loads(tallinn.identity_document())
    signatures = content.pop("signatures")
    root = next(key for key in content["keys"] if key["role"] == "root" and key["kty"] == "AKP")
    assert root["alg"] == "ML-DSA-87"
    assert ML_DSA_87.verify(unb64u(root["pub"]), DOMAIN + canonical(content), unb64u(signatures["ML-DSA-87"]))


def changed(document, change):
    content = orjson.loads(document)
    change(content)
    return canonical(content)


def key(content, role):
    return next(one for one in content["keys"] if one["role"] == role)


FORGERIES = {
    "another name": lambda content: content.update(node="kyiv"),
    "a later end": lambda content: content.update(expires="2099-01-01"),
    "one signature stripped": lambda content: content["signatures"].pop("ML-DSA-87"),
    "the other signature stripped": lambda content: content["signatures"].pop("Ed25519"),
    "signatures swapped": lambda content: content.update(
        signatures={"Ed25519": content["signatures"]["ML-DSA-87"], "ML-DSA-87": content["signatures"]["Ed25519"]}
    ),
    "a key left out": lambda content: content["keys"].remove(key(content, "log")),
    "no sealing key": lambda content: content["keys"].remove(key(content, "seal")),
    "an unknown suite": lambda content: content.update(suite="sild-1999"),
    "no identity": lambda content: content.pop("keys"),
    "keys that are none": lambda content: content.update(keys=[]),
    "a key too short": lambda content: key(content, "seal").update(pub="AAAA"),
    "a key of another kind": lambda content: key(content, "tls").update(alg="RSA"),
    "a higher serial": lambda content: content.update(serial=2),
    "a serial that is none": lambda content: content.update(serial=True),
    "a member more": lambda content: content.update(note="hello"),
    "a key with a member more": lambda content: key(content, "log").update(x5u="https://example"),
    "another kid": lambda content: key(content, "log").update(kid="A" * 43),
    "a key twice": lambda content: content["keys"].append(dict(key(content, "tls"), generation=2)),
    "a key that is revoked": lambda content: content["revoked"].append(
        {"kid": key(content, "tls")["kid"], "role": "tls", "reason": "lost", "at": "2026-11-25T16:00:00Z"}
    ),
    "a revocation without reason": lambda content: content["revoked"].append({"kid": "A" * 43}),
    "another format": lambda content: content.update(format="sild-identity/1"),
    "an odd node id": lambda content: content.update(node="../x"),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_a_document_that_the_root_did_not_sign_is_refused(tallinn, change):
    with pytest.raises(TrustError):
        Identity.parse(changed(tallinn.identity_document(), change), on=TODAY)


def test_keys_of_another_node_under_the_same_name_are_another_identity(tallinn):
    stranger = NodeKeys.generate("tallinn", now=datetime.now(UTC))
    assert Identity.parse(stranger.identity_document(), on=TODAY).fingerprint != tallinn.fingerprint


@pytest.mark.parametrize("document", [b"", b"{}", b"null", b"[1]", b"\xff", b'{"identity": {}}', b" " * 300_000])
def test_what_is_no_document_is_refused(document):
    with pytest.raises(IdentityError):
        Identity.parse(document, on=TODAY)


def test_a_document_runs_out_but_still_proves_what_was_said_under_it(tallinn):
    later = TODAY + timedelta(days=366)
    with pytest.raises(IdentityError, match="ran out"):
        Identity.parse(tallinn.identity_document(), on=later)
    assert Identity.parse(tallinn.identity_document(), on=None).node == "tallinn"


def test_retiring_a_suite_is_a_change_of_data(tallinn, monkeypatch):
    import dataclasses  # noqa: PLC0415 -- one test of many needs it

    retired = dataclasses.replace(suites.SUITES["sild-2026"], last=date(2026, 2, 1))
    monkeypatch.setitem(suites.SUITES, "sild-2026", retired)
    with pytest.raises(SuiteError) as caught:
        Identity.parse(tallinn.identity_document(), on=TODAY)
    assert caught.value.code == "retired-suite"


@pytest.mark.parametrize("name", ["", "Tallinn", "tallinn.example", "-a", "a" * 64, "../x", "a b"])
def test_a_node_id_has_few_characters(name):
    with pytest.raises(IdentityError):
        NodeKeys.generate(name, now=datetime.now(UTC))


def test_keys_are_read_back_from_disk_without_the_root(tallinn, tmp_path):
    tallinn.save(tmp_path / "keys")
    (tmp_path / "keys" / "root.key").unlink()
    loaded = NodeKeys.load(tmp_path / "keys")
    assert loaded.log == tallinn.log
    assert loaded.seal == tallinn.seal
    assert loaded.identity_document() == tallinn.identity_document()
    assert loaded.root == {}


def test_keys_beside_another_nodes_identity_are_refused(tallinn, kyiv, tmp_path):
    tallinn.save(tmp_path / "keys")
    (tmp_path / "keys" / "identity.json").write_bytes(kyiv.identity_document())
    with pytest.raises(IdentityError, match="not those"):
        NodeKeys.load(tmp_path / "keys")


def test_an_identity_that_is_missing_is_named(tallinn, tmp_path):
    tallinn.save(tmp_path / "keys")
    (tmp_path / "keys" / "identity.json").unlink()
    with pytest.raises(IdentityError, match=r"identity\.json"):
        NodeKeys.load(tmp_path / "keys")
