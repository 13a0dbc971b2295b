"""The plan's pages in a real Chromium: nothing for axe-core to find, no violated policy, readable on a telephone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings

from node.conftest import base_url, browser_type_launch_args, database_beside_the_browser  # noqa: F401 -- fixtures
from people.factories import MembershipFactory
from plan import abc
from plan.conftest import PARTIES
from sild.exchange import services as exchange
from sild.people.enums import Role
from sild.plan import services
from sild.plan.engine.read import read

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

AXE = Axe()
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
# Each language, width and colour scheme meets each of the others.
VIEWS = [("en", 1280, "light"), ("en", 320, "dark"), ("et", 320, "light"), ("et", 1280, "dark"), ("uk", 320, "dark")]


@pytest.fixture
def story(operator, say, hear):
    """Two plans, one of them with evidence, a withdrawn record, verdicts of both sides and a claim."""
    services.load(operator, read("estonia-ukraine"), {"EE": "tallinn", "UA": "kyiv"})
    steps = [abc.milestone("first", "exchange.comment", "2020-01-02"), abc.milestone("second", "a.b", "2020-01-03")]
    plan = services.load(operator, abc.memorandum(abc.joint(milestones=steps)), PARTIES)
    joint = plan.commitments.get()
    ours = say("passed")
    hear("in use")
    exchange.withdraw(operator, say("passed"), "wrong run")
    services.assess(operator, joint, "not-met", "It does not start.", ["kyiv"])
    record = services.assess(operator, joint, "met", "It starts now.", ["kyiv"])
    body = {
        "plan": plan.slug,
        "commitment": "joint",
        "verdict": "met",
        "reason": "Checked.",
        "evidence": [ours.reference],
    }
    hear(body, kind="plan.assessment")
    services.claim(operator, joint, "We did it.")
    return ["/plan/", "/plan/?plan=estonia-ukraine", joint.get_absolute_url(), record.get_absolute_url(), "/"]


@pytest.fixture
def signed_in(page, live_server, client):
    """Sign a publisher in whose language it is."""

    def sign_in(language):
        client.force_login(MembershipFactory(role=Role.PUBLISHER, person__language=language).person)
        name = django_settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        return page

    return sign_in


@pytest.mark.parametrize(("language", "width", "scheme"), VIEWS)
def test_every_page_is_accessible(signed_in, live_server, story, language, width, scheme):
    page = signed_in(language)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    for path in story:
        assert page.goto(f"{live_server.url}{path}").status == 200
        assert page.locator("html").get_attribute("lang") == language
        found = AXE.run(page, options={"runOnly": RULES})
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert complaints == []


def test_a_verdict_is_previewed_and_published_without_javascript(browser, live_server, client, story):
    context = browser.new_context(java_script_enabled=False)
    client.force_login(MembershipFactory(role=Role.PUBLISHER, person__language="en").person)
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}{story[2]}")
    page.check("input[name=to][value=riga]")
    page.click("button[value=preview]")
    assert page.locator("text=would not get it").count() == 1
    page.check("input[name=verdict][value=met]")
    page.fill("#id_reason", "Seen at work.")
    page.click("button[value=publish]")
    assert page.locator("text=The assessment was published").count() == 1
    context.close()
