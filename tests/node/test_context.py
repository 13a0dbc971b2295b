from __future__ import annotations

import dataclasses

import pytest

from people.factories import MembershipFactory
from sild.exchange import evidence
from sild.node import context
from sild.people.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_entry_of_the_page_that_is_read_is_current():
    current = [entry.href for entry in context.navigation("/records/preview/") if entry.current]
    assert current == ["/records/"]


def test_home_is_current_on_the_home_page_alone():
    assert next(entry.current for entry in context.navigation("/") if entry.href == "/")
    assert not next(entry.current for entry in context.navigation("/partners/") if entry.href == "/")


def test_a_module_that_is_not_installed_has_no_entry(monkeypatch):
    monkeypatch.setattr(context, "ENTRIES", [("sild.absent", "/absent/", "Absent")])
    assert context.navigation("/") == []


def test_the_footer_shows_the_first_two_groups_of_the_fingerprint(client, administrator):
    start = "-".join(evidence.own_identity().fingerprint.split("-")[:2])
    assert f"<code>{start}</code>" in client.get("/").text


def test_a_node_without_keys_shows_no_fingerprint(settings, tmp_path):
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path)
    assert context.short_fingerprint(settings.CONFIG.keys) == ""


def test_the_menu_offers_administration_to_administrators_only(client, administrator):
    assert 'href="/people/"' in client.get("/").text
    client.force_login(MembershipFactory(role=Role.VIEWER).person)
    page = client.get("/").text
    assert 'href="/people/"' not in page
    assert 'href="/tokens/"' not in page


def test_whoever_acts_for_two_agencies_can_change_between_them(client, administrator):
    assert 'name="agency"' not in client.get("/").text
    second = MembershipFactory(person=administrator.person)
    assert f'value="{second.agency.slug}"' in client.get("/").text
