"""The threat desk in a real Chromium: nothing for axe-core to find, no violated policy, readable on a telephone."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from browser import bring_in, look_at, resize
from people.factories import MembershipFactory
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.threats import answering, sharing, writing
from sild.threats.engine import build
from sild.threats.models import Webhook
from sild.threats.writing import Context
from threats.examples import PLAYBOOK, SIGMA, indicator

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

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
        bring_in(page.context, live_server, client, membership.person)
        return page

    return sign_in


@pytest.mark.parametrize(("language", "width", "scheme"), VIEWS)
def test_every_page_is_accessible(signed_in, live_server, complaints, story, language, width, scheme):
    page = signed_in(language)
    resize(page, width, scheme)
    for path in story:
        look_at(page, live_server, path, language)
    assert complaints == []


def test_the_graph_is_walked_by_keyboard(signed_in, live_server, story):
    page = signed_in("en")
    page.goto(f"{live_server.url}{story[9]}")
    page.locator(".threats-graph svg a").first.focus()
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/objects/**")
    assert page.locator("h1").inner_text() in label
