"""The plan's pages in a real Chromium: nothing for axe-core to find, no violated policy, readable on a telephone."""

from __future__ import annotations

import pytest

from browser import bring_in, look_at, resize
from people.factories import MembershipFactory
from plan import abc
from plan.conftest import PARTIES
from sild.exchange import services as exchange
from sild.people.enums import Role
from sild.plan import services
from sild.plan.engine.read import read

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

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
        bring_in(
            page.context, live_server, client, MembershipFactory(role=Role.PUBLISHER, person__language=language).person
        )
        return page

    return sign_in


@pytest.mark.parametrize(("language", "width", "scheme"), VIEWS)
def test_every_page_is_accessible(signed_in, live_server, complaints, story, language, width, scheme):
    page = signed_in(language)
    resize(page, width, scheme)
    for path in story:
        look_at(page, live_server, path, language)
    assert complaints == []


def test_a_verdict_is_previewed_and_published_without_javascript(browser, live_server, client, story):
    context = browser.new_context(java_script_enabled=False)
    bring_in(context, live_server, client, MembershipFactory(role=Role.PUBLISHER, person__language="en").person)
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
