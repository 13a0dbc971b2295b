"""The threat desk in a real Chromium: nothing for axe-core to find, no violated policy, readable on a telephone."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.urls import reverse

from node.conftest import base_url, browser_type_launch_args, database_beside_the_browser  # noqa: F401 -- fixtures
from people.factories import MembershipFactory
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.threats import answering, sharing, writing
from sild.threats.engine import build
from sild.threats.models import Webhook
from sild.threats.writing import Context
from threats.examples import PLAYBOOK, SIGMA, indicator

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

AXE = Axe()
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
# Each language once; both widths and both colour schemes.
VIEWS = [("en", 1280, "light"), ("et", 1280, "dark"), ("uk", 320, "dark")]


@pytest.fixture
def story(agency, hear):
    """A desk on which something has happened; returns the addresses of its pages."""
    actor = Actor(who="analyst", role=Role.ADMINISTRATOR, agency=agency)
    context = Context(
        tlp="GREEN",
        techniques=["T1566.001", "T1059.001"],
        threat_actor="UAC-0010",
        confidence=85,
        description="Seen in a phishing wave.",
    )
    mine = writing.write_indicator(actor, "mail.evil[.]example", context)
    playbook = writing.write_playbook(actor, json.dumps(PLAYBOOK), Context(tlp="GREEN", about=[mine]))
    writing.write_rule(actor, "sigma", SIGMA, Context(tlp="AMBER", about=[mine]))
    said = indicator("198.51.100.7", "AMBER", description="Scans the border.")
    record = hear(build.bundle([said]), tlp="AMBER", audience=["tallinn"])
    answering.report_sighting(actor, said["id"], count=2, description="on a proxy")
    answering.give_feedback(actor, playbook, "agree", "It blocked two visits.")
    sharing.share(actor, [mine], ["kyiv"], "a campaign")
    Webhook.objects.create(agency=agency, url="https://siem.example/in", seed=bytes(32), failures=2, last_error="500")
    plain = ["index", "seen", "matrix", "actors", "practice", "import", "webhooks", "write-indicator", "write-rule"]
    pages = [reverse(f"threats:{name}") for name in plain]
    objects = [reverse("threats:object", args=[one]) for one in (mine, playbook, said["id"])]
    preview = f"{reverse('threats:share')}?id={mine}&subject=x&node=kyiv"
    return [*pages, *objects, preview, record.get_absolute_url(), f"{reverse('threats:matrix')}?seen=1"]


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


def test_the_graph_is_walked_by_keyboard(signed_in, live_server, story):
    page = signed_in("en")
    page.goto(f"{live_server.url}{story[9]}")
    page.locator(".threats-graph svg a").first.focus()
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/objects/**")
    assert page.locator("h1").inner_text() in label
