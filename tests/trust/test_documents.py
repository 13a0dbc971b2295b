"""Signed documents: both signatures, this file, this signer; everything else is a verdict with its own code."""

import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dilithium_py.ml_dsa import ML_DSA_65

from sild.trust import documents
from sild.trust.checkpoint import Checkpoint, sign_checkpoint
from sild.trust.encoding import b64u, canonical, unb64u
from sild.trust.errors import SignatureError
from sild.trust.evidence import Known, build_record_file
from sild.trust.identity import Identity
from sild.trust.lifetimes import ROLES
from sild.trust.proof import format_proof
from sild.trust.record import build_record
from sild.trust.rotation import revoke, rotate
from sild.trust.tree import leaf_hash
from trust.test_record import header

pytestmark = pytest.mark.unit
NOW = datetime.now(UTC)
FILE = b"The parties agree.\n" * 1000


@pytest.fixture(scope="module")
def statement(tallinn):
    return documents.state(tallinn, [FILE], name="memorandum.txt", now=NOW)


@pytest.fixture(scope="module")
def signature(tallinn, statement):
    return documents.sign(tallinn, statement)


def logged(keys, body, **changes):
    raw = build_record(header(kind="trust.document", **changes), body)
    text = sign_checkpoint(keys, Checkpoint(keys.log_origin, 1, leaf_hash(raw)), timestamp=int(time.time()))
    return build_record_file(raw, format_proof(0, [], text), keys.document)


def test_a_signed_file_verifies_in_any_pieces(signature, tallinn):
    for parts in ([FILE], [FILE[:7], FILE[7:]], [b"", FILE]):
        verdict = documents.verify(parts, signature, Known(fingerprint=tallinn.fingerprint))
        assert (verdict.ok, verdict.code, verdict.pinned) == (True, "verified", True)
    assert verdict.algorithms == ("Ed25519", "ML-DSA-65")
    assert verdict.statement.name == "memorandum.txt"
    assert "memorandum.txt" in verdict.sentence


def test_independent_implementations_verify_both_signatures(signature, tallinn):
    content = orjson.loads(signature)
    identity = Identity.parse(tallinn.document, on=None)
    for one in content["signatures"]:
        protected = orjson.loads(unb64u(one["protected"]))
        signed = f"{one['protected']}.{content['payload']}".encode()
        key = next(key for key in identity.generations("sign")[0].values() if key.kid == protected["kid"])
        if protected["alg"] == "EdDSA":
            Ed25519PublicKey.from_public_bytes(key.raw).verify(unb64u(one["signature"]), signed)
        else:
            assert protected["alg"] == "ML-DSA-65"
            assert ML_DSA_65.verify(key.raw, signed, unb64u(one["signature"]))


def test_each_header_says_which_suite_and_that_it_is_critical(signature):
    for one in orjson.loads(signature)["signatures"]:
        protected = orjson.loads(unb64u(one["protected"]))
        assert (protected["suite"], protected["crit"]) == ("sild-2026", ["suite"])


def test_without_a_pinned_fingerprint_the_verdict_asks_to_compare(signature):
    verdict = documents.verify([FILE], signature)
    assert verdict.ok
    assert not verdict.pinned
    assert "compare" in verdict.sentence


@pytest.mark.parametrize("parts", [[], [FILE[:-1]], [FILE, b"x"], [FILE.replace(b"agree", b"argue", 1)]])
def test_another_file_is_named(signature, parts):
    assert documents.verify(parts, signature).code == "digest"


def test_somebody_elses_fingerprint_is_no(signature, kyiv):
    assert documents.verify([FILE], signature, Known(fingerprint=kyiv.fingerprint)).code == "fingerprint"


def protected_as(one, **changes):
    return {**one, "protected": b64u(canonical({**orjson.loads(unb64u(one["protected"])), **changes}))}


def stated_as(content, **changes):
    said = {**orjson.loads(unb64u(content["payload"])), **changes}
    return {**content, "payload": b64u(canonical(said))}


ATTACKS = {
    "classical signature stripped": lambda c: {**c, "signatures": c["signatures"][1:]},
    "lattice signature stripped": lambda c: {**c, "signatures": c["signatures"][:1]},
    "all signatures stripped": lambda c: {**c, "signatures": []},
    "one signature twice": lambda c: {**c, "signatures": [c["signatures"][0]] * 2},
    "one signature more": lambda c: {**c, "signatures": [*c["signatures"], c["signatures"][0]]},
    "signatures swapped": lambda c: {
        **c,
        "signatures": [
            {**one, "signature": other["signature"]}
            for one, other in zip(c["signatures"], reversed(c["signatures"]), strict=True)
        ],
    },
    "signature that is no base64": lambda c: {
        **c,
        "signatures": [{**one, "signature": "?"} for one in c["signatures"]],
    },
    "suite taken out of crit": lambda c: {**c, "signatures": [protected_as(one, crit=[]) for one in c["signatures"]]},
    "another suite": lambda c: {**c, "signatures": [protected_as(one, suite="none") for one in c["signatures"]]},
    "another algorithm": lambda c: {**c, "signatures": [protected_as(one, alg="none") for one in c["signatures"]]},
    "another critical member": lambda c: {
        **c,
        "signatures": [protected_as(one, crit=["suite", "b64"], b64=False) for one in c["signatures"]],
    },
    "another name": lambda c: stated_as(c, name="other.txt"),
    "another time": lambda c: stated_as(c, signed="2026-11-01T00:00:00Z"),
    "another signer": lambda c: stated_as(c, signer="kyiv"),
    "another format": lambda c: stated_as(c, format="sild-document/9"),
    "no statement": lambda c: {**c, "payload": ""},
    "no identity": lambda c: {**c, "sild": {}},
    "no signatures": lambda c: {**c, "signatures": None},
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_altered_signature_is_accepted(signature, attack):
    verdict = documents.verify([FILE], canonical(attack(orjson.loads(signature))))
    assert not verdict.ok
    assert verdict.code in {"missing-signature", "bad-signature", "signature-form", "signer"}


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"x" * (17 * 1024 * 1024)], ids=range(5))
def test_what_is_no_signature_gets_a_verdict_too(data):
    assert documents.verify([FILE], data).code == "signature-form"


def test_the_keys_of_another_node_do_not_sign_for_this_one(signature, statement, kyiv):
    forged = orjson.loads(documents.sign(kyiv, statement))
    assert documents.verify([FILE], canonical(forged)).code == "signer"
    forged["sild"]["identity"] = orjson.loads(signature)["sild"]["identity"]
    assert documents.verify([FILE], canonical(forged)).code == "missing-signature"


def test_a_document_goes_on_verifying_after_a_rotation(signature, tallinn):
    new = rotate(tallinn, tallinn.root, ROLES, now=NOW)
    assert documents.verify([FILE], signature, Known(newest=new.document)).ok


def test_a_stolen_key_signs_nothing_any_more(signature, tallinn):
    kid = tallinn.sign["ML-DSA-65"].public.kid
    newest = revoke(tallinn, tallinn.root, kid, "compromised", now=NOW).document
    assert documents.verify([FILE], signature, Known(newest=newest)).code == "revoked"
    seen = NOW - timedelta(days=1)
    assert documents.verify([FILE], signature, Known(newest=newest, seen=seen)).ok


def test_the_logs_proof_is_part_of_the_verdict(tallinn, statement):
    record = logged(tallinn, {"digest": statement.digest})
    verdict = documents.verify([FILE], documents.sign(tallinn, statement, record=record))
    assert verdict.ok
    assert (verdict.record.kind, verdict.record.index) == ("trust.document", 0)
    assert "entry 0 of the log" in verdict.sentence


def test_a_proof_about_another_document_is_refused(tallinn, kyiv, statement):
    others = [
        logged(tallinn, {"digest": "sha512:00"}),
        logged(tallinn, {"digest": statement.digest}).replace(b"index 0", b"index 9"),
        logged(kyiv, {"digest": statement.digest}, issuer="kyiv"),
    ]
    for record in others:
        assert documents.verify([FILE], documents.sign(tallinn, statement, record=record)).code == "proof"


def test_who_signed_can_be_asked_before_verifying(signature):
    assert documents.peek(signature) == "tallinn"
    with pytest.raises(SignatureError):
        documents.peek(b"{}")
