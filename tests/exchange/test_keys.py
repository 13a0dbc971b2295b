"""This node's own keys: rotated or revoked by an administrator, announced in the log, once."""

import dataclasses
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings

from sild.exchange import evidence, keys, log, outgoing, own, services
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError
from sild.exchange.models import Delivery, IdentityDocument, Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry
from sild.trust import rotation
from sild.trust.checkpoint import cosign, is_signed_under, open_checkpoint
from sild.trust.errors import IdentityError
from sild.trust.identity import Identity, NodeKeys
from sild.trust.lifetimes import ROLES

LONG_AGO = datetime(2026, 10, 1, tzinfo=UTC)
pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def tallinn(settings, tallinn_keys, tmp_path):
    """A copy of the keys that this test may change."""
    shutil.copytree(tallinn_keys, tmp_path / "keys")
    settings.CONFIG = dataclasses.replace(django_settings.CONFIG, node="tallinn", home=tmp_path)
    return own.node_keys()


def comment(operator):
    return services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )


def test_a_rotation_is_in_the_log_and_in_the_audit_trail(operator, pinned, tallinn):
    identity = keys.rotate(operator, ROLES)
    assert identity.serial == 2
    record = Record.objects.get(kind="trust.identity")
    assert (record.body["changed"], record.body["revoked"]) == (sorted(ROLES), [])
    assert Identity.parse(record.body["document"].encode(), on=None).document == own.node_keys().document
    assert Delivery.objects.get(record=record).partner == pinned
    assert AuditEntry.objects.get(action="trust.identity").details["serial"] == 2


def test_the_running_node_takes_the_new_keys_over(operator, tallinn):
    keys.rotate(operator, ["log"])
    assert own.node_keys().log != tallinn.log
    checkpoint = log.latest()
    now = evidence.own_identity()
    assert open_checkpoint(checkpoint.text, now).size == checkpoint.size
    assert not is_signed_under(checkpoint.text, Identity.parse(tallinn.document, on=None))


def test_what_was_published_before_verifies_with_its_old_cosigned_checkpoint(operator, pinned, kyiv, tallinn):
    record = comment(operator)
    checkpoint = log.latest()
    outgoing.accept_cosignature(pinned, checkpoint.size, cosign(checkpoint.text, kyiv.keys, timestamp=1))
    keys.rotate(operator, ["log"])
    verdict = evidence.verify(record)
    assert verdict.ok
    assert (verdict.cosigned_by, verdict.tree_size) == (("kyiv",), 1)


def test_a_revoked_log_key_is_replaced_and_what_was_here_still_verifies(operator, pinned, kyiv, tallinn):
    record = comment(operator)
    Record.objects.filter(pk=record.pk).update(issued=datetime(2026, 11, 1, tzinfo=UTC))
    record.refresh_from_db()
    identity = keys.revoke(operator, tallinn.log["Ed25519"].public.kid, "compromised")
    assert {one.reason for one in identity.revoked} == {"compromised"}
    assert {one["reason"] for one in Record.objects.get(kind="trust.identity").body["revoked"]} == {"compromised"}
    assert evidence.verify(record).ok


def test_an_identity_is_announced_once_even_after_a_crash(operator, monkeypatch):
    assert keys.announce(operator) is None
    with monkeypatch.context() as patch:
        patch.setattr(services, "publish", lambda *_, **__: (_ for _ in ()).throw(ExchangeError("disk full")))
        with pytest.raises(ExchangeError):
            keys.rotate(operator, ["tls"])
    assert not IdentityDocument.objects.filter(serial=2).exists()
    assert keys.announce(operator).body["serial"] == 2
    assert keys.announce(operator) is None


def test_the_first_identity_of_a_node_is_no_news(operator):
    assert keys.announce(operator) is None
    assert not Record.objects.exists()


def test_the_root_may_be_on_a_stick(operator, tmp_path):
    (tmp_path / "stick").mkdir()
    (tmp_path / "keys" / "root.key").rename(tmp_path / "stick" / "root.key")
    with pytest.raises(IdentityError, match=r"root\.key"):
        keys.rotate(operator, ["tls"])
    assert keys.rotate(operator, ["tls"], tmp_path / "stick").serial == 2


def test_the_root_may_have_a_passphrase_of_its_own(operator, tmp_path, monkeypatch):
    from sild.trust import keystore  # noqa: PLC0415 -- one test of many needs it

    path = tmp_path / "keys" / "root.key"
    keystore.replace(path, keystore.read(path, None), b"of the safe")
    monkeypatch.setenv("SILD_ROOT_PASSPHRASE", "of the safe")
    assert keys.rotate(operator, ["tls"]).serial == 2


def test_keys_whose_overlap_has_ended_are_forgotten_with_a_trace(operator, tallinn, tmp_path):
    assert keys.forget(operator) == []
    old = rotation.rotate(tallinn, rotation.read_root(tmp_path / "keys", None), ["seal"], now=LONG_AGO)
    rotation.store(old, tmp_path / "keys", None)
    assert keys.forget(operator) == [tallinn.seal.public.kid]
    assert AuditEntry.objects.get(action="trust.forget-keys").details == {"keys": [tallinn.seal.public.kid]}


def test_only_administrators_change_keys():
    editor = Actor(who="editor", role=Role.PUBLISHER)
    for act in (lambda: keys.rotate(editor, ["tls"]), lambda: keys.revoke(editor, "A" * 43, "lost")):
        with pytest.raises(NotAllowedError):
            act()


def test_a_new_partner_gets_the_identities_that_were_announced(operator, pinned):
    keys.rotate(operator, ["seal"])
    keys.rotate(operator, ["seal"])
    assert pinned.state == PartnerState.PINNED
    assert [row.record.body["serial"] for row in Delivery.objects.filter(partner=pinned)] == [2, 3]


def test_the_sealing_key_is_replaced_by_itself_when_its_days_are_over(operator, tmp_path):
    assert keys.renew_sealing_key(Actor.operator("job")) is None
    old = made_long_ago(tmp_path)
    renewed = keys.renew_sealing_key(Actor.operator("job"))
    assert (renewed.serial, renewed.seal) == (2, own.node_keys().seal.public)
    # What was sealed for the old one opens for the overlap.
    assert old.seal.public in {pair.public for pair in own.node_keys().seals}
    assert keys.renew_sealing_key(Actor.operator("job")) is None


def test_without_the_root_it_is_demanded_instead(operator, tmp_path):
    made_long_ago(tmp_path)
    (tmp_path / "keys" / "root.key").unlink()
    with pytest.raises(IdentityError, match=r"root\.key cannot be read"):
        keys.renew_sealing_key(Actor.operator("job"))


def made_long_ago(home):
    """Keys whose sealing key should have been replaced ten days ago."""
    shutil.rmtree(home / "keys")
    made = NodeKeys.generate("tallinn", now=datetime.now(UTC) - timedelta(days=100))
    made.save(home / "keys")
    return made
