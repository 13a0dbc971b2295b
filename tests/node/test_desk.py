from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from node.factories import DeliveryFactory, PartnerFactory, RecordFactory, RefusalFactory
from people.factories import MembershipFactory
from sild.exchange import guard, log
from sild.exchange.enums import PartnerState, Tlp
from sild.exchange.log_models import LogState, Tile
from sild.node import desk
from sild.people.actor import Actor
from sild.people.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def sentences(actor=None):
    needs = desk.needs(actor or Actor.operator(), desk.links())
    return [(need.colour, need.sentence) for need in needs]


def test_a_healthy_link_needs_nobody():
    PartnerFactory()
    assert sentences() == []


def test_a_frozen_partner_comes_first():
    PartnerFactory(name="Riga", state=PartnerState.ADDED)
    PartnerFactory(name="Vilnius", state=PartnerState.FROZEN)
    colours = [colour for colour, _sentence in sentences()]
    assert colours == ["danger", "warning"]
    assert "Vilnius is stopped" in sentences()[0][1]


def test_a_partner_that_was_only_added_waits_for_its_fingerprint():
    PartnerFactory(name="Riga", state=PartnerState.ADDED, last_contact=None)
    assert sentences() == [
        ("warning", "Compare fingerprints with Riga, then pin the key; nothing is exchanged before.")
    ]


def test_what_was_refused_lately_is_told_and_what_is_old_is_not():
    partner = PartnerFactory(name="Riga")
    RefusalFactory.create_batch(2, partner=partner)
    RefusalFactory(partner=PartnerFactory(), at=timezone.now() - timedelta(days=30))
    assert sentences() == [("warning", "2 records from Riga were refused and are kept for inspection.")]


def test_a_failing_link_says_why():
    PartnerFactory(name="Riga", failures=3, last_error="connection refused")
    assert sentences() == [("warning", "The link to Riga does not work: connection refused")]


def test_records_that_a_silent_partner_has_not_fetched_are_counted():
    partner = PartnerFactory(name="Riga", last_contact=timezone.now() - timedelta(hours=1))
    DeliveryFactory(partner=partner)
    assert sentences() == [("info", "1 record waits for Riga, which has not fetched it.")]


def test_a_partner_that_just_called_is_given_time_to_fetch():
    DeliveryFactory(partner=PartnerFactory())
    assert sentences() == []


def test_latest_shows_what_came_in_and_the_actor_may_see():
    actor = Actor.of(MembershipFactory().person)
    RecordFactory(subject="our own")
    RecordFactory(subject="theirs", received_now=True)
    RecordFactory(subject="of another agency", tlp=Tlp.RED, agency=MembershipFactory().agency)
    assert [record.subject for record in desk.latest(actor)] == ["theirs"]


def test_a_link_counts_what_went_and_what_came():
    partner = PartnerFactory(node="kyiv", delivered=1)
    DeliveryFactory.create_batch(3, partner=partner)
    RecordFactory(received_now=True)
    (link,) = desk.links()
    assert (link.sent, link.waiting, link.received) == (3, 2, 1)


def test_a_log_that_went_back_comes_before_everything_to_whoever_administers(tallinn_signed):
    tallinn_signed(3)
    LogState.objects.update(size=1)
    PartnerFactory(name="Vilnius", state=PartnerState.FROZEN)
    assert "went back" in sentences()[0][1]
    viewer = Actor(who="viewer", role=Role.VIEWER)
    assert "went back" not in str(sentences(viewer))


def test_records_that_wait_for_a_partners_word_are_counted(tallinn_signed):
    PartnerFactory()
    tallinn_signed(1)
    guard.marks().fleeting.unlink()
    LogState.objects.update(size=2)
    Tile.objects.update(hashes=bytes(Tile.objects.get().hashes) + bytes(32))
    assert sentences() == [
        ("warning", "1 record is not signed yet: no partner has said since the restart how far it saw our log.")
    ]


def test_own_keys_that_run_out_are_demanded(monkeypatch):
    def endings(_identity):
        return [
            {"name": "The sealing key", "ends": timezone.now() - timedelta(days=1)},
            {"name": "The key of the links", "ends": timezone.now() + timedelta(days=9)},
        ]

    monkeypatch.setattr(desk.keys, "endings_of", endings)
    (first, late), (second, _soon) = sentences()
    assert (first, second) == ("danger", "warning")
    assert "Whoever keeps the root must do it" in late


@pytest.fixture
def tallinn_signed(tmp_path, settings):
    """A node of its own whose log has so many signed leaves, and remembers that it signed them."""
    (tmp_path / "keys").symlink_to(settings.CONFIG.keys)
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path)

    def sign(count):
        with transaction.atomic():
            checkpoint = log.append(log.lock(), [bytes([number]) * 32 for number in range(count)])
        guard.hold(checkpoint, begin=True)

    return sign
