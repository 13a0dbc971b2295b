"""Every page in a real Chromium: no violation of the policy, nothing for axe-core to find, usable by keyboard."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.utils import timezone

from browser import check, look_at, resize, sign_in
from node.factories import PartnerFactory, RefusalFactory
from people.factories import PASSWORD, MembershipFactory
from sild.exchange import partners, services
from sild.exchange.enums import PartnerState
from sild.exchange.models import Partner, Record
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.trust.identity import NodeKeys

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

OPEN = ["/accounts/login/"]
PAGES = [
    "/",
    "/records/",
    "/records/{record}/",
    "/records/{record}/sight/",
    "/records/outstanding/?what=all",
    "/records/preview/?tlp=AMBER&node=riga&names={record}",
    "/documents/",
    "/partners/",
    "/partners/kyiv/",
    "/partners/riga/",
    "/people/",
    "/tokens/",
    "/audit/",
    "/notices/",
    "/nowhere/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/totp/activate/",
    "/accounts/password/change/",
]
MODULES = {
    "sild.plan": ["/plan/"],
    "sild.sandbox": ["/sandbox/", "/sandbox/runs/", "/sandbox/registrations/", "/sandbox/sealed/"],
    "sild.analyst": ["/analyst/", "/analyst/read/", "/analyst/card/", "/analyst/activate/"],
}


@pytest.fixture(scope="session")
def kyiv_keys():
    return NodeKeys.generate("kyiv", now=datetime.now(UTC))


@pytest.fixture
def official(settings, kyiv_keys):
    """A node in the middle of its work, and the administrator of an agency on it."""
    settings.CSRF_COOKIE_HTTPONLY = True
    membership = MembershipFactory(
        role=Role.ADMINISTRATOR, person__signs_in=True, person__username="official", agency__name="Board of Bridges"
    )
    MembershipFactory(person=membership.person, agency__name="Office of Ferries")
    operator, actor = Actor.operator(), Actor.of(membership.person)
    kyiv = partners.add(operator, kyiv_keys.identity_document(), "https://127.0.0.1:1")
    partners.pin(operator, "kyiv", kyiv.fingerprint)
    Partner.objects.filter(node="kyiv").update(last_contact=timezone.now(), last_group="X25519MLKEM768")
    PartnerFactory(node="riga", name="Riga", state=PartnerState.FROZEN, reason="Its log shrank.")
    RefusalFactory(partner=kyiv)
    services.publish(
        actor,
        kind="exchange.comment",
        subject="Agenda of the meeting",
        body={"text": "Post-quantum migration."},
        tlp="GREEN",
        audience="partners",
    )
    people.issue_token(actor, "robot", Role.VIEWER)
    return membership.person


def confirm(page, server):
    page.goto(f"{server.url}/accounts/reauthenticate/")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")


def addresses():
    record = Record.objects.get()
    modules = [path for app, paths in MODULES.items() if apps.is_installed(app) for path in paths]
    return [path.format(record=record.pk) for path in PAGES] + modules


def tab_to(page, text):
    """Press Tab until the focus is on what shows or is called `text`; the focus must be visible all the way."""
    for _press in range(60):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "() => { const e = document.activeElement; return [(e.innerText || e.name || e.value || '').trim(),"
            " getComputedStyle(e).outlineStyle !== 'none' || e.matches('.ds-skip-link')]; }"
        )
        assert outline, f"the focus on {name!r} is not visible"
        if name.startswith(text):
            return
    pytest.fail(f"no focus on {text!r}")


# Each language, width and colour scheme meets each of the others.
VIEWS = [
    ("en", 1280, "light"),
    ("en", 320, "dark"),
    ("et", 1280, "dark"),
    ("et", 320, "light"),
    ("uk", 1280, "light"),
    ("uk", 320, "dark"),
]


@pytest.mark.parametrize(("language", "width", "scheme"), VIEWS)
def test_every_page_is_accessible(page, live_server, official, complaints, language, width, scheme):
    resize(page, width, scheme)
    page.goto(f"{live_server.url}{OPEN[0]}")
    check(page, OPEN[0])
    sign_in(page, live_server, official, language)
    confirm(page, live_server)
    for path in addresses():
        look_at(page, live_server, path, language, statuses=(200, 404))
    page.goto(f"{live_server.url}/")
    page.click(".sild-menu > summary")
    check(page, "the open menu")
    assert [text for text in complaints if "404 (Not Found)" not in text] == []


def test_the_whole_journey_works_by_keyboard(page, live_server, official, complaints):
    page.goto(f"{live_server.url}/accounts/login/")
    tab_to(page, "login")
    page.keyboard.type("official")
    tab_to(page, "password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/")
    tab_to(page, "Skip to the main content")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "All records")
    page.keyboard.press("Enter")
    page.wait_for_url("**/records/")
    tab_to(page, "Agenda of the meeting")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Verified just now")
    tab_to(page, "official")
    page.keyboard.press("Enter")
    tab_to(page, "Change agency")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=You act for Office of Ferries now.")
    tab_to(page, "Українська")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[lang=uk]")
    tab_to(page, "official")
    page.keyboard.press("Enter")
    tab_to(page, "Вийти")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/login/**")
    assert complaints == []


def test_reading_works_without_javascript(browser, live_server, official):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server, official, "et")
    assert page.locator("html").get_attribute("lang") == "et"
    for path in addresses()[:8]:
        assert page.goto(f"{live_server.url}{path}").status == 200
        assert page.locator("h1").inner_text()
    page.click(".sild-menu > summary")
    page.click("text=Auditijälg")
    page.wait_for_url("**/audit/")
    context.close()


def test_a_passkey_is_added_and_signs_in_without_a_password(page, live_server, official, complaints):
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, live_server, official)
    confirm(page, live_server)
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.check("#id_passwordless")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/recovery-codes/**")
    page.click(".sild-menu > summary")
    page.click("text=Sign out")
    page.wait_for_url("**/accounts/login/**")
    page.click("#passkey_login")
    page.wait_for_url(f"{live_server.url}/")
    assert complaints == []


def test_administration_keeps_the_policy(page, live_server, official, complaints):
    official.is_superuser = True
    official.save()
    sign_in(page, live_server, official)
    for path in ("", "exchange/record/", "people/person/", f"people/person/{official.pk}/change/"):
        assert page.goto(f"{live_server.url}/admin/{path}").status == 200
    assert complaints == []
