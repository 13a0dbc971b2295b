"""A partner that shows two histories is stopped, people see it on the pages, and a person lets it go on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from exchange.peer import Peer
from sild.exchange import partners, witness
from sild.exchange.enums import PartnerState
from sild.exchange.errors import HistoryError, PartnerError, WitnessError
from sild.exchange.incoming import import_page
from sild.exchange.models import Partner, Record
from sild.people.actor import Actor
from sild.trust.identity import NodeKeys
from sild.trust.witness import format_request

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(scope="module")
def kyiv_keys():
    return NodeKeys.generate("kyiv", now=datetime.now(UTC))


@pytest.fixture
def kyiv(kyiv_keys, db):
    """A pinned partner of whose log one record was imported."""
    peer = Peer(kyiv_keys)
    partner = partners.add(Actor.operator(), kyiv_keys.identity_document(), "https://127.0.0.1:1")
    peer.partner = partners.pin(Actor.operator(), "kyiv", partner.fingerprint)
    peer.publish()
    import_page(peer.partner, peer.page())
    return peer


def by_page(forked, partner):
    with pytest.raises(HistoryError):
        import_page(partner, forked.page(after=1, have=1))


def by_witness(forked, _partner):
    with pytest.raises(WitnessError):
        witness.add_checkpoint(format_request(1, (), forked.checkpoint()))


@pytest.mark.parametrize("show", [by_page, by_witness])
def test_a_fork_stops_import_until_a_person_decides_on_the_page(administrator, client, kyiv, show):
    forked = Peer(kyiv.keys)
    forked.publish({"text": "another history"})
    show(forked, kyiv.partner)
    home = client.get(reverse("node:home")).content.decode()
    assert "Import from kyiv is stopped: a person must decide." in home
    page = client.get(reverse("exchange:partner", args=["kyiv"])).content.decode()
    assert "Import is stopped" in page
    assert Partner.objects.get().reason in page.replace("&#x27;", "'")
    kyiv.publish()
    with pytest.raises(PartnerError):
        import_page(kyiv.partner, kyiv.page(after=1, have=1))
    with pytest.raises(WitnessError):
        witness.add_checkpoint(format_request(1, kyiv.tree.consistency_proof(1, 2), kyiv.checkpoint()))
    assert Record.objects.count() == 1
    answer = client.post(reverse("exchange:partner-unfreeze", args=["kyiv"]), {"decision": "They explained it."})
    assert answer.status_code == 302
    assert Partner.objects.get().state == PartnerState.PINNED
    import_page(kyiv.partner, kyiv.page(after=1, have=1))
    assert Record.objects.count() == 2
