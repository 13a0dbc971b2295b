"""The analyst's desk in a real Chromium: decided by keyboard, nothing for axe-core to find, readable on a telephone."""

from __future__ import annotations

import shutil

import pytest
from django.urls import reverse

from analyst.findings import TEXT
from browser import bring_in, look_at, resize
from people.factories import MembershipFactory
from sild.analyst import deciding, services
from sild.people.actor import Actor
from sild.people.enums import Role

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# Each language once; both widths and both colour schemes.
VIEWS = [("en", 1280, "light"), ("et", 1280, "dark"), ("uk", 320, "dark")]


@pytest.fixture(autouse=True)
def log_anew(memory_of_this_run, tmp_path_factory, transactional_db):
    """Each test's database is empty, so nothing may remember the log of the one before."""
    yield
    for left in memory_of_this_run.iterdir():
        left.unlink()
    for left in tmp_path_factory.getbasetemp().glob("tallinn*/log"):
        shutil.rmtree(left)


@pytest.fixture
def signed_in(page, live_server, client, agency):
    """Sign an administrator in whose language it is."""

    def sign_in(language):
        membership = MembershipFactory(role=Role.ADMINISTRATOR, agency=agency, person__language=language)
        bring_in(page.context, live_server, client, membership.person)
        return page

    return sign_in


@pytest.fixture
def reading(agency, in_use):
    """A text that was read after one like it was shared, with one decision of each sort."""
    actor = Actor(who="analyst", role=Role.ADMINISTRATOR, agency=agency)
    earlier = services.read(actor, "An earlier wave", TEXT)
    deciding.accept_rest(actor, str(earlier.pk))
    services.publish(actor, str(earlier.pk), ["kyiv"], "AMBER")
    made = services.read(actor, "A report", TEXT)
    first, second, third = deciding.items_of(made)[:3]
    deciding.decide(actor, str(made.pk), first.key, "accepted")
    deciding.decide(actor, str(made.pk), second.key, "rejected")
    deciding.correct(actor, str(made.pk), third.key, deciding.Said("technique", "T1113"))
    return made


@pytest.mark.parametrize(("language", "width", "scheme"), VIEWS)
def test_every_page_is_accessible(signed_in, live_server, complaints, reading, language, width, scheme):
    page = signed_in(language)
    resize(page, width, scheme)
    plain = [reverse(f"analyst:{name}") for name in ("readings", "read", "card", "activate")]
    share = reverse("analyst:share", args=[reading.pk])
    for path in [*plain, reading.get_absolute_url(), f"{share}?tlp=AMBER&node=kyiv"]:
        look_at(page, live_server, path, language)
    assert complaints == []


def test_proposals_are_decided_by_keyboard(signed_in, live_server, reading):
    page = signed_in("en")
    page.goto(f"{live_server.url}{reading.get_absolute_url()}")
    keys = [item.key for item in deciding.items_of(reading)]
    page.locator(f"#{keys[2]} a").first.focus()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == keys[3]
    page.keyboard.press("a")
    page.wait_for_url(f"**#{keys[4]}")
    assert page.evaluate("document.activeElement.id") == keys[4]
    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.name") == "value"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == keys[4]
    page.keyboard.press("r")
    page.wait_for_url(f"**#{keys[5]}")
    verdicts = [item.verdict for item in deciding.items_of(reading)]
    assert verdicts[3:6] == ["accepted", "rejected", ""]
