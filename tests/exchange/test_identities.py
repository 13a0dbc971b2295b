"""Newer identities are taken over; rollbacks, other roots and double serials are refused and shown."""

from datetime import UTC, datetime, timedelta

import pytest

from exchange.peer import Peer
from sild.exchange import evidence, identities, partners
from sild.exchange.enums import PartnerState
from sild.exchange.errors import PartnerError, TransferError
from sild.exchange.incoming import import_page
from sild.exchange.models import IdentityDocument, Partner
from sild.people.models import AuditEntry
from sild.trust.identity import Identity, NodeKeys
from sild.trust.lifetimes import ROLES
from sild.trust.rotation import revoke, rotate

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
NOW = datetime.now(UTC)
URL = "https://127.0.0.1:1"


@pytest.fixture(scope="module")
def rotated(kyiv_keys):
    return rotate(kyiv_keys, kyiv_keys.root, ROLES, now=NOW)


def body(keys):
    identity = Identity.parse(keys.document, on=None)
    return {"serial": identity.serial, "changed": [], "revoked": [], "document": keys.document.decode()}


def test_a_newer_identity_of_the_same_root_is_taken_over_with_a_trace(operator, pinned, rotated):
    assert identities.take_over(operator, pinned, rotated.document)
    assert bytes(Partner.objects.get().identity) == rotated.document
    assert AuditEntry.objects.get(action="exchange.take-over-identity").details["serial"] == 2
    assert set(IdentityDocument.objects.values_list("serial", flat=True)) == {1, 2}


def test_the_same_identity_again_changes_nothing(operator, pinned, kyiv_keys):
    assert not identities.take_over(operator, pinned, kyiv_keys.document)
    assert Partner.objects.get().identity_notice == ""


def test_an_older_identity_is_a_rollback(operator, pinned, kyiv_keys, rotated):
    identities.take_over(operator, pinned, rotated.document)
    assert not identities.take_over(operator, pinned, kyiv_keys.document)
    partner = Partner.objects.get()
    assert "rollback" in partner.identity_notice
    assert bytes(partner.identity) == rotated.document
    with pytest.raises(PartnerError) as caught:
        partners.add(operator, kyiv_keys.document, URL)
    assert caught.value.code == "rollback"


def test_another_root_is_shown_and_freezes_nothing(operator, pinned):
    stranger = NodeKeys.generate("kyiv", now=NOW)
    assert not identities.take_over(operator, pinned, stranger.document)
    partner = Partner.objects.get()
    assert stranger.fingerprint in partner.identity_notice
    assert (partner.state, partner.fingerprint) == (PartnerState.PINNED, pinned.fingerprint)


def test_two_identities_of_one_serial_are_shown(operator, pinned, kyiv_keys, rotated):
    other = rotate(kyiv_keys, kyiv_keys.root, ["tls"], now=NOW)
    identities.take_over(operator, pinned, rotated.document)
    assert not identities.take_over(operator, pinned, other.document)
    assert "two different identities" in Partner.objects.get().identity_notice
    with pytest.raises(PartnerError):
        partners.add(operator, other.document, URL)


@pytest.mark.parametrize("document", [b"", b"{}"])
def test_what_does_not_verify_is_shown(operator, pinned, document):
    assert not identities.take_over(operator, pinned, document)
    assert "does not verify" in Partner.objects.get().identity_notice


def test_a_notice_goes_when_a_good_identity_comes(operator, pinned, rotated):
    identities.take_over(operator, pinned, b"")
    identities.take_over(operator, pinned, rotated.document)
    assert Partner.objects.get().identity_notice == ""


def test_new_keys_come_with_the_log_itself(pinned, kyiv, rotated):
    kyiv.publish(body(rotated), kind="trust.identity", tlp="CLEAR")
    assert import_page(pinned, kyiv.page()).refused == []
    assert bytes(Partner.objects.get().identity) == rotated.document


def test_older_identities_in_the_log_are_history_and_no_rollback(operator, pinned, kyiv, kyiv_keys, rotated):
    newest = rotate(rotated, kyiv_keys.root, ["tls"], now=NOW)
    identities.take_over(operator, pinned, newest.document)
    kyiv.publish(body(rotated), kind="trust.identity", tlp="CLEAR")
    import_page(pinned, kyiv.page())
    partner = Partner.objects.get()
    assert (bytes(partner.identity), partner.identity_notice) == (newest.document, "")
    assert IdentityDocument.objects.filter(serial=2).exists()


@pytest.mark.parametrize(
    "change", [{"serial": 7}, {"document": "{}"}, {"document": 1}, {"more": 1}], ids=["serial", "form", "type", "more"]
)
def test_a_record_that_announces_no_identity_is_refused(pinned, kyiv, rotated, change):
    kyiv.publish({**body(rotated), **change}, kind="trust.identity", tlp="CLEAR")
    [refusal] = import_page(pinned, kyiv.page()).refused
    assert refusal.code == "body"


def test_proofs_from_before_a_rotation_go_on_verifying(operator, pinned, kyiv, kyiv_keys, rotated):
    kyiv.publish()
    [record] = import_page(pinned, kyiv.page()).records
    later = rotate(rotated, kyiv_keys.root, ["log"], now=NOW + timedelta(days=40))
    identities.take_over(operator, pinned, rotated.document)
    partner = Partner.objects.get()
    partner.identity = later.document
    partner.save()
    assert kyiv_keys.log["Ed25519"].public not in [
        keys["Ed25519"] for keys in Identity.parse(later.document, on=None).generations("log")
    ]
    verdict = evidence.verify(record)
    assert verdict.ok
    assert verdict.pinned


def test_the_log_goes_on_under_new_keys(operator, pinned, kyiv, kyiv_keys, rotated):
    kyiv.publish()
    import_page(pinned, kyiv.page())
    after = Peer(rotated)
    after.tree, after.leaves, after.entries, after.chain = kyiv.tree, kyiv.leaves, kyiv.entries, kyiv.chain
    after.publish()
    with pytest.raises(TransferError) as caught:
        import_page(pinned, after.page(after=1, have=1))
    assert caught.value.code == "missing-signature"
    identities.take_over(operator, pinned, rotated.document)
    assert len(import_page(pinned, after.page(after=1, have=1)).records) == 1


def test_a_compromised_log_key_imports_nothing_more_but_what_was_here_still_counts(operator, pinned, kyiv, kyiv_keys):
    kyiv.publish()
    [record] = import_page(pinned, kyiv.page()).records
    kid = kyiv_keys.log["Ed25519"].public.kid
    safe = revoke(kyiv_keys, kyiv_keys.root, kid, "compromised", now=NOW + timedelta(minutes=5))
    identities.take_over(operator, pinned, safe.document)
    record.received = NOW + timedelta(minutes=4)
    assert evidence.verify(record).ok
    kyiv.publish()
    with pytest.raises(TransferError):
        import_page(Partner.objects.get(), kyiv.page(after=1, have=1))
    record.received = NOW + timedelta(minutes=6)
    assert evidence.verify(record).code == "revoked"
