"""Renewal: proofs of today verify when the algorithms of today are retired, and say by which path."""

import dataclasses
import time
from datetime import UTC, date, datetime

import orjson
import pytest

from sild.trust import suites
from sild.trust.checkpoint import Checkpoint, sign_checkpoint
from sild.trust.encoding import canonical
from sild.trust.evidence import Known, build_record_file, verify_record_file
from sild.trust.lifetimes import ROLES
from sild.trust.proof import format_proof
from sild.trust.record import build_record
from sild.trust.renewal import arrange, build_renewal_file, leaf_of, root_of, verify_renewed
from sild.trust.rotation import revoke, rotate
from sild.trust.tree import leaf_hash
from trust.test_record import header

pytestmark = pytest.mark.unit
LATER = date(2031, 6, 1)


def logged(keys, body, **changes):
    """The file of a record that is alone in a log, and its checkpoint."""
    raw = build_record(header(issuer=keys.node, **changes), body)
    text = sign_checkpoint(keys, Checkpoint(keys.log_origin, 1, leaf_hash(raw)), timestamp=int(time.time()))
    return build_record_file(raw, format_proof(0, [], text), keys.document), text


def renewed(keys, texts, **changes):
    leaves = arrange(leaf_of(text) for text in texts)
    body = {"root": root_of(leaves), "count": len(leaves), **changes}
    return build_renewal_file(logged(keys, body, kind="trust.renewal", tlp="CLEAR", audience="partners")[0], leaves)


@pytest.fixture(scope="module")
def old(tallinn):
    return [logged(tallinn, {"text": str(number)}) for number in range(5)]


@pytest.fixture(scope="module")
def renewal(tallinn, old):
    new = rotate(tallinn, tallinn.root, ROLES, now=datetime.now(UTC))
    return renewed(new, [text for _file, text in old])


def test_both_paths_hold_while_the_algorithms_do(old, renewal, tallinn):
    for file, _text in old:
        verdict = verify_renewed(file, renewal, Known(fingerprint=tallinn.fingerprint))
        assert (verdict.ok, verdict.path, verdict.pinned) == (True, ("signature", "renewal"), True)


def test_a_proof_of_today_verifies_by_the_renewal_when_its_suite_is_retired(old, tallinn, monkeypatch):
    """The renewal is made under a suite of a later day; the record's own suite ends in 2030."""
    following = dataclasses.replace(suites.SUITES["sild-2026"], name="sild-2030", last=date(2060, 1, 1))
    monkeypatch.setitem(suites.SUITES, "sild-2030", following)
    later = renewed(tallinn, [text for _file, text in old])
    content = orjson.loads(later)
    record = orjson.loads(content["record"])
    raw = build_record(
        header(kind="trust.renewal", suite="sild-2030", tlp="CLEAR", audience="partners"),
        orjson.loads(record["record"])["body"],
    )
    text = sign_checkpoint(tallinn, Checkpoint("tallinn/log", 1, leaf_hash(raw)), timestamp=int(time.time()))
    later = canonical(
        {**content, "record": build_record_file(raw, format_proof(0, [], text), tallinn.document).decode()}
    )
    known = Known(fingerprint=tallinn.fingerprint, on=LATER)
    assert verify_record_file(old[0][0], known=known).code == "retired-suite"
    verdict = verify_renewed(old[0][0], later, known)
    assert (verdict.ok, verdict.path) == (True, ("renewal",))
    assert "by the renewal of" in verdict.sentence


def test_a_renewal_that_is_itself_retired_proves_nothing(old, renewal, tallinn):
    verdict = verify_renewed(old[0][0], renewal, Known(fingerprint=tallinn.fingerprint, on=LATER))
    assert (verdict.ok, verdict.code) == (False, "retired-suite")


def test_what_was_renewed_before_a_key_was_stolen_still_counts(old, renewal, tallinn):
    kid = tallinn.log["Ed25519"].public.kid
    newest = revoke(tallinn, tallinn.root, kid, "compromised", now=datetime.now(UTC)).document
    known = Known(fingerprint=tallinn.fingerprint, newest=newest)
    assert verify_record_file(old[0][0], known=known).code == "revoked"
    assert verify_renewed(old[0][0], renewal, known).path == ("renewal",)


def test_a_thief_of_a_log_key_cannot_renew(tallinn, old):
    kid = tallinn.log["Ed25519"].public.kid
    newest = revoke(tallinn, tallinn.root, kid, "compromised", now=datetime.now(UTC)).document
    forged = renewed(tallinn, [text for _file, text in old])
    verdict = verify_renewed(old[0][0], forged, Known(fingerprint=tallinn.fingerprint, newest=newest))
    assert (verdict.ok, verdict.code) == (False, "revoked")


def test_a_witness_that_is_known_may_renew_for_another(old, tallinn, kyiv):
    by_kyiv = renewed(kyiv, [text for _file, text in old])
    known = Known(fingerprint=tallinn.fingerprint, witnesses=frozenset({kyiv.fingerprint}))
    assert verify_renewed(old[0][0], by_kyiv, known).path == ("signature", "renewal")
    stranger = verify_renewed(old[0][0], by_kyiv, Known(fingerprint=tallinn.fingerprint))
    assert stranger.path == ("signature",)
    assert "not named" in stranger.sentence


def without(renewal, number):
    content = orjson.loads(renewal)
    content["leaves"].pop(number)
    return canonical(content)


def test_a_record_that_is_not_under_the_renewal_is_not_proved_by_it(tallinn, renewal, old):
    other, text = logged(tallinn, {"text": "another"})
    assert verify_renewed(other, renewal).path == ("signature",)
    more = orjson.loads(renewal)
    forged = canonical({**more, "leaves": sorted([*more["leaves"], canonical(leaf_of(text).hex()).decode()])})
    for broken in (forged, without(renewal, 0), b"{}", b"", b"[]", canonical({**more, "format": "x"})):
        verdict = verify_renewed(old[0][0], broken)
        assert verdict.path == ("signature",)
        assert "does not prove it" in verdict.sentence


def test_another_root_than_the_signed_one_proves_nothing(tallinn, old):
    wrong = renewed(tallinn, [text for _file, text in old], root="sha256:" + "00" * 32)
    assert verify_renewed(old[0][0], wrong).path == ("signature",)


def test_a_changed_record_has_no_path_at_all(old, renewal):
    content = orjson.loads(old[0][0])
    forged = canonical({**content, "record": content["record"].replace('"text":"0"', '"text":"9"')})
    assert not verify_renewed(forged, renewal).ok
