"""The analyst's desk in a real Chromium: decided by keyboard, nothing for axe-core to find, readable on a telephone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.urls import reverse

from analyst.findings import TEXT
from node.conftest import base_url, browser_type_launch_args, database_beside_the_browser  # noqa: F401 -- fixtures
from people.factories import MembershipFactory
from sild.analyst import deciding, services
from sild.people.actor import Actor
from sild.people.enums import Role

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

AXE = Axe()
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
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
        client.force_login(membership.person)
        name = django_settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
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
def test_every_page_is_accessible(signed_in, live_server, reading, language, width, scheme):
    page = signed_in(language)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    plain = [reverse(f"analyst:{name}") for name in ("readings", "read", "card", "activate")]
    share = reverse("analyst:share", args=[reading.pk])
    for path in [*plain, reading.get_absolute_url(), f"{share}?tlp=AMBER&node=kyiv"]:
        assert page.goto(f"{live_server.url}{path}").status == 200
        assert page.locator("html").get_attribute("lang") == language
        if shots := os.environ.get("SILD_SHOTS"):
            name = path.split("?")[0].strip("/").replace("/", "-")
            page.screenshot(path=Path(shots) / f"{language}-{name}.png", full_page=True)
        found = AXE.run(page, options={"runOnly": RULES})
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
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
