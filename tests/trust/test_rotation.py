"""Rotation, revocation and loss: which keys count afterwards, and what still opens and verifies."""

import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from sild.trust import keystore
from sild.trust.checkpoint import (
    Checkpoint,
    cosign,
    is_signed_under,
    log_kids,
    open_checkpoint,
    sign_checkpoint,
    verify_cosignature,
)
from sild.trust.errors import IdentityError, SealError, SignatureError
from sild.trust.identity import Identity, NodeKeys
from sild.trust.lifetimes import OVERLAP_DAYS, ROLES
from sild.trust.rotation import forget, read_root, revoke, rotate, store
from sild.trust.seal import open_sealed, seal
from sild.trust.tree import EMPTY_ROOT

pytestmark = pytest.mark.unit
NOW = datetime.now(UTC)
TODAY = NOW.date()
AFTER_OVERLAP = TODAY + timedelta(days=OVERLAP_DAYS + 2)


def identity(keys, on=TODAY):
    return Identity.parse(keys.document, on=on)


@pytest.fixture(scope="module")
def rotated(tallinn):
    return rotate(tallinn, tallinn.root, ROLES, now=NOW)


def test_a_rotation_keeps_the_fingerprint_and_raises_the_serial(tallinn, rotated):
    assert (rotated.fingerprint, identity(rotated).serial) == (tallinn.fingerprint, 2)
    assert rotated.log != tallinn.log
    assert rotated.tls != tallinn.tls
    assert rotated.sign != tallinn.sign
    assert not identity(rotated).revoked


def test_only_the_roles_that_were_named_change(tallinn):
    one = rotate(tallinn, tallinn.root, ["seal"], now=NOW)
    assert one.seal != tallinn.seal
    assert (one.log, one.tls, one.sign) == (tallinn.log, tallinn.tls, tallinn.sign)


def test_what_was_sealed_for_the_old_key_opens_during_the_overlap(tallinn, tallinn_identity, rotated):
    sealed = seal(b"body", [tallinn_identity], sender="kyiv", context={})
    assert open_sealed(sealed, rotated, sender="kyiv", context={}) == b"body"
    assert seal(b"body", [identity(rotated)], sender="kyiv", context={})["keys"].keys() == {rotated.seal.public.kid}


def test_two_rotations_in_a_row_leave_the_first_key_its_overlap(tallinn, tallinn_identity, rotated):
    twice = rotate(rotated, tallinn.root, ["seal"], now=NOW + timedelta(days=1))
    sealed = seal(b"body", [tallinn_identity], sender="kyiv", context={})
    assert open_sealed(sealed, twice, sender="kyiv", context={}) == b"body"
    assert len(twice.seals) == 3


def test_after_the_overlap_the_next_rotation_destroys_the_old_private_key(tallinn, tallinn_identity, rotated):
    later = rotate(rotated, tallinn.root, ["seal"], now=NOW + timedelta(days=OVERLAP_DAYS + 1))
    sealed = seal(b"body", [tallinn_identity], sender="kyiv", context={})
    with pytest.raises(SealError, match="not sealed for a key"):
        open_sealed(sealed, later, sender="kyiv", context={})
    reasons = {one.kid: one.reason for one in identity(later).revoked}
    assert reasons[tallinn.seal.public.kid] == "superseded"


def test_old_and_new_tls_keys_are_accepted_until_the_overlap_ends(tallinn, rotated):
    old, new = tallinn.tls.public.spki_thumbprint, rotated.tls.public.spki_thumbprint
    assert identity(rotated).tls_thumbprints == {old, new}
    assert identity(rotated, AFTER_OVERLAP).tls_thumbprints == {new}


def test_checkpoints_of_both_log_keys_verify_until_the_overlap_ends(tallinn, rotated):
    empty = Checkpoint("tallinn/log", 0, EMPTY_ROOT)
    for keys in (tallinn, rotated):
        text = sign_checkpoint(keys, empty, timestamp=int(time.time()))
        assert open_checkpoint(text, identity(rotated)) == empty
        assert is_signed_under(text, identity(rotated))
        assert log_kids(text, identity(rotated)) == {pair.public.kid for pair in keys.log.values()}
    old = sign_checkpoint(tallinn, empty, timestamp=int(time.time()))
    with pytest.raises(SignatureError, match="missing"):
        open_checkpoint(old, identity(rotated, AFTER_OVERLAP))
    assert not is_signed_under(old, identity(rotated, AFTER_OVERLAP))


def test_the_two_signatures_of_a_checkpoint_are_of_one_generation(tallinn, rotated):
    empty = Checkpoint("tallinn/log", 0, EMPTY_ROOT)
    old, new = (sign_checkpoint(keys, empty, timestamp=1).split("\n") for keys in (tallinn, rotated))
    mixed = "\n".join([*old[:5], *new[5:]])
    with pytest.raises(SignatureError, match="ML-DSA-44 signature of tallinn/log is missing"):
        open_checkpoint(mixed, identity(rotated))


def test_a_witness_that_rotated_is_still_known_by_its_old_line(tallinn, kyiv, rotated):
    text = sign_checkpoint(kyiv, Checkpoint("kyiv/log", 0, EMPTY_ROOT), timestamp=1)
    for keys in (tallinn, rotated):
        assert verify_cosignature(text, cosign(text, keys, timestamp=7), identity(rotated)) == 7


def test_a_compromised_key_is_out_at_once_and_replaced(tallinn, tallinn_identity):
    kid = tallinn.seal.public.kid
    safe = revoke(tallinn, tallinn.root, kid, "compromised", now=NOW)
    assert [(one.kid, one.role, one.reason) for one in identity(safe).revoked] == [(kid, "seal", "compromised")]
    assert safe.seals == (safe.seal,)
    assert safe.seal != tallinn.seal
    with pytest.raises(SealError):
        open_sealed(seal(b"x", [tallinn_identity], sender="kyiv", context={}), safe, sender="kyiv", context={})


def test_a_log_key_is_revoked_with_the_one_that_signs_beside_it(tallinn):
    safe = revoke(tallinn, tallinn.root, tallinn.log["Ed25519"].public.kid[:8], "lost", now=NOW)
    assert {one.kid for one in identity(safe).revoked} == {pair.public.kid for pair in tallinn.log.values()}
    text = sign_checkpoint(tallinn, Checkpoint("tallinn/log", 0, EMPTY_ROOT), timestamp=1)
    with pytest.raises(SignatureError):
        open_checkpoint(text, identity(safe))


def test_an_old_key_is_revoked_without_touching_the_new_one(tallinn, rotated):
    safe = revoke(rotated, tallinn.root, tallinn.tls.public.kid, "lost", now=NOW)
    assert safe.tls == rotated.tls
    assert identity(safe).tls_thumbprints == {rotated.tls.public.spki_thumbprint}


@pytest.mark.parametrize("kid", ["", "A", "AAAAAAAAAA"])
def test_a_kid_must_name_one_key(tallinn, kid):
    with pytest.raises(IdentityError) as caught:
        revoke(tallinn, tallinn.root, kid, "lost", now=NOW)
    assert caught.value.code == "kid"


def test_the_root_is_not_revoked_by_itself(tallinn):
    with pytest.raises(IdentityError, match="new node"):
        revoke(tallinn, tallinn.root, tallinn.root["Ed25519"].public.kid, "lost", now=NOW)


def test_another_root_signs_nothing(tallinn, kyiv):
    with pytest.raises(IdentityError) as caught:
        rotate(tallinn, kyiv.root, ["tls"], now=NOW)
    assert caught.value.code == "root"


def test_an_unknown_role_is_named(tallinn):
    with pytest.raises(IdentityError, match="no role “mail”"):
        rotate(tallinn, tallinn.root, ["mail"], now=NOW)


@pytest.mark.parametrize("passphrase", [None, b"three words here"])
def test_the_root_may_be_elsewhere(tmp_path, passphrase):
    keys = NodeKeys.generate("tallinn", now=NOW)
    keys.save(tmp_path / "keys", passphrase)
    stick = tmp_path / "stick"
    stick.mkdir()
    (tmp_path / "keys" / "root.key").rename(stick / "root.key")
    for path in (stick, stick / "root.key"):
        new = rotate(NodeKeys.load(tmp_path / "keys", passphrase), read_root(path, passphrase), ["log"], now=NOW)
    store(new, tmp_path / "keys", passphrase)
    assert NodeKeys.load(tmp_path / "keys", passphrase).log == new.log


class PowerCutError(Exception):
    pass


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_power_cut_between_the_files_leaves_a_node_that_starts(tmp_path, monkeypatch, writes):
    keys = NodeKeys.generate("tallinn", now=NOW)
    keys.save(tmp_path)
    new = rotate(keys, keys.root, ROLES, now=NOW)
    real, done = keystore._write, []

    def write(*arguments):
        if len(done) == writes:
            raise PowerCutError
        done.append(arguments)
        real(*arguments)

    monkeypatch.setattr(keystore, "_write", write)
    with pytest.raises(PowerCutError):
        store(new, tmp_path, None)
    monkeypatch.setattr(keystore, "_write", real)
    assert NodeKeys.load(tmp_path).log == (new.log if writes == 2 else keys.log)
    store(new, tmp_path, None)
    assert len(orjson.loads((tmp_path / "node.key").read_bytes())["seeds"]) == len(new.everyday)


def test_a_private_key_is_destroyed_when_its_overlap_has_ended(tmp_path):
    keys = NodeKeys.generate("tallinn", now=NOW)
    keys.save(tmp_path)
    store(rotate(keys, keys.root, ["seal"], now=NOW), tmp_path, None)
    assert forget(NodeKeys.load(tmp_path), tmp_path, None, now=NOW) == []
    assert len(NodeKeys.load(tmp_path).seals) == 2
    later = NOW + timedelta(days=OVERLAP_DAYS + 1)
    assert forget(NodeKeys.load(tmp_path), tmp_path, None, now=later) == [keys.seal.public.kid]
    assert len(NodeKeys.load(tmp_path).seals) == 1
