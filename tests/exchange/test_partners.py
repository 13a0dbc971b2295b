"""Partners: added, compared, pinned, frozen, let go on."""

from datetime import UTC, datetime, timedelta

import pytest

from sild.exchange import partners, services
from sild.exchange.enums import PartnerState
from sild.exchange.errors import NotFoundError, PartnerError
from sild.exchange.models import Delivery, Partner
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry
from sild.trust.identity import NodeKeys
from sild.trust.spoken import LANGUAGES, say

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
URL = "https://127.0.0.1:1"


def test_a_partner_is_added_with_its_fingerprint_and_not_yet_trusted(operator, kyiv):
    partner = partners.add(operator, kyiv.keys.identity_document(), URL, name="Kyiv")
    assert (partner.node, partner.name, partner.state) == ("kyiv", "Kyiv", PartnerState.ADDED)
    assert partner.fingerprint == kyiv.keys.fingerprint


def test_the_fingerprint_is_heard_with_or_without_dashes(operator, kyiv):
    partners.add(operator, kyiv.keys.identity_document(), URL)
    heard = kyiv.keys.fingerprint.lower().replace("-", " ")
    assert partners.pin(operator, "kyiv", heard).state == PartnerState.PINNED


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fingerprint_is_heard_in_words(operator, kyiv, language):
    partners.add(operator, kyiv.keys.identity_document(), URL)
    assert partners.pin(operator, "kyiv", say(kyiv.keys.fingerprint, language)).state == PartnerState.PINNED


def test_what_is_no_fingerprint_pins_nothing(operator, kyiv):
    partners.add(operator, kyiv.keys.identity_document(), URL)
    with pytest.raises(PartnerError, match="no fingerprint"):
        partners.pin(operator, "kyiv", "hello")


def test_another_fingerprint_than_the_received_one_pins_nothing(operator, kyiv, tallinn):
    partners.add(operator, kyiv.keys.identity_document(), URL)
    with pytest.raises(PartnerError, match="in between"):
        partners.pin(operator, "kyiv", tallinn.fingerprint)
    assert Partner.objects.get().state == PartnerState.ADDED


def test_pinning_twice_changes_nothing(operator, pinned):
    again = partners.pin(operator, "kyiv", pinned.fingerprint)
    assert again.pinned_at == pinned.pinned_at


def test_a_pinned_name_cannot_be_taken_over_by_other_keys(operator, pinned):
    stranger = NodeKeys.generate("kyiv", now=datetime.now(UTC))
    with pytest.raises(PartnerError, match="Nothing was changed"):
        partners.add(operator, stranger.identity_document(), URL)
    assert Partner.objects.get().fingerprint == pinned.fingerprint


def test_a_new_address_of_a_pinned_partner_keeps_the_pin(operator, pinned, kyiv):
    moved = partners.add(operator, kyiv.keys.identity_document(), "https://127.0.0.1:2")
    assert (moved.state, moved.url) == (PartnerState.PINNED, "https://127.0.0.1:2")


@pytest.mark.parametrize("document", [b"", b"{}", b'{"identity": {}}'])
def test_what_is_no_identity_is_refused(operator, document):
    with pytest.raises(PartnerError, match="identity document"):
        partners.add(operator, document, URL)


def test_a_node_is_not_its_own_partner(operator, tallinn):
    with pytest.raises(PartnerError, match="itself"):
        partners.add(operator, tallinn.identity_document(), URL)


def test_an_identity_that_ran_out_says_what_to_do(operator, kyiv):
    old = NodeKeys.generate("kyiv", now=datetime.now(UTC) - timedelta(days=400))
    with pytest.raises(PartnerError, match="ran out"):
        partners.add(operator, old.identity_document(), URL)
    partner = Partner(node="kyiv", identity=old.identity_document())
    with pytest.raises(PartnerError, match="Ask them for a new one"):
        partners.identity_of(partner)


def test_only_administrators_add_pin_and_unfreeze(kyiv, pinned):
    editor = Actor(who="editor", role=Role.PUBLISHER)
    for act in (
        lambda: partners.add(editor, kyiv.keys.identity_document(), URL),
        lambda: partners.pin(editor, "kyiv", pinned.fingerprint),
        lambda: partners.unfreeze(editor, "kyiv", "because"),
        lambda: partners.unpin(editor, "kyiv", "because"),
    ):
        with pytest.raises(NotAllowedError):
            act()


def test_a_frozen_partner_goes_on_when_a_person_says_why(operator, pinned):
    partners.freeze(operator, "kyiv", "its log shrank")
    partners.freeze(operator, "kyiv", "again")
    assert Partner.objects.get().reason == "its log shrank"
    thawed = partners.unfreeze(operator, "kyiv", "they restored their backup")
    assert (thawed.state, thawed.reason) == (PartnerState.PINNED, "")
    assert AuditEntry.objects.get(action="exchange.unfreeze-partner").details == {
        "decision": "they restored their backup"
    }
    with pytest.raises(PartnerError, match="not frozen"):
        partners.unfreeze(operator, "kyiv", "again")


def test_a_pin_is_removed_with_a_reason_and_a_trace(operator, pinned, kyiv):
    with pytest.raises(PartnerError, match="Write down why"):
        partners.unpin(operator, "kyiv", " ")
    gone = partners.unpin(operator, "kyiv", "Their root was stolen.")
    assert (gone.state, gone.reason, gone.pinned_at) == (PartnerState.ADDED, "Their root was stolen.", None)
    assert partners.by_thumbprint(kyiv.keys.tls.public.spki_thumbprint) is None
    assert AuditEntry.objects.get(action="exchange.unpin-partner").details == {
        "fingerprint": pinned.fingerprint,
        "reason": "Their root was stolen.",
    }
    with pytest.raises(PartnerError, match="not pinned"):
        partners.unpin(operator, "kyiv", "again")


def test_a_partner_that_is_pinned_again_gets_what_it_missed_and_nothing_twice(operator, pinned):
    first = _comment(operator)
    partners.unpin(operator, "kyiv", "by mistake")
    second = _comment(operator)
    again = partners.pin(operator, "kyiv", pinned.fingerprint)
    assert again.reason == ""
    rows = Delivery.objects.filter(partner=again)
    assert [(row.position, row.record) for row in rows] == [(1, first), (2, second)]


def test_a_node_with_a_new_root_needs_a_new_name(operator, pinned):
    Partner.objects.update(their_size=3)
    partners.unpin(operator, "kyiv", "Their root was stolen.")
    new = NodeKeys.generate("kyiv", now=datetime.now(UTC))
    with pytest.raises(PartnerError) as refused:
        partners.add(operator, new.identity_document(), URL)
    assert refused.value.code == "new-root"


def _comment(actor):
    return services.publish(
        actor, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )


def test_an_unknown_partner_says_how_to_add_one(operator):
    with pytest.raises(NotFoundError, match="sild partner add"):
        partners.get("riga")


def test_a_tls_key_names_its_partner_only_once_pinned(operator, kyiv):
    thumbprint = kyiv.keys.tls.public.spki_thumbprint
    partner = partners.add(operator, kyiv.keys.identity_document(), URL)
    assert partners.by_thumbprint(thumbprint) is None
    partners.pin(operator, "kyiv", partner.fingerprint)
    assert partners.by_thumbprint(thumbprint) == partner
    assert partners.by_thumbprint("00" * 32) is None


def test_a_partner_whose_identity_ran_out_turns_away_no_other_one(operator, kyiv):
    """Its name stands before Kyiv's, so that it is looked at first."""
    partners.pin(operator, "kyiv", partners.add(operator, kyiv.keys.identity_document(), URL).fingerprint)
    old = NodeKeys.generate("helsinki", now=datetime.now(UTC) - timedelta(days=400))
    Partner.objects.create(node="helsinki", identity=old.identity_document(), state="pinned", fingerprint="x", url=URL)
    assert partners.by_thumbprint(kyiv.keys.tls.public.spki_thumbprint).node == "kyiv"
    assert partners.by_thumbprint(old.tls.public.spki_thumbprint) is None
