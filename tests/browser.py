"""What the tests of pages in a real Chromium share: signing in, and what every page must pass."""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from people.factories import PASSWORD

AXE = Axe()
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    # All rules run; of what holds, axe-core need not collect every element.
    "resultTypes": ["violations"],
}
# A folder that gets a picture of each page that was looked at.
SHOTS = "SILD_SHOTS"


def sign_in(page, server, person, language="en"):
    """Type name and password."""
    page.goto(f"{server.url}/accounts/login/")
    page.fill("#id_login", person.username)
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{server.url}/")
    if language != "en":
        page.click(f".sild-languages button[value={language}]")


def bring_in(context, server, client, person):
    """Sign somebody in without the form."""
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server.url}])


def resize(page, width, scheme):
    """A window of that width in a `light` or `dark` scheme."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)


def look_at(page, server, path, language, statuses=(200,)):
    """Open a page, with all that is folded in it, and check it."""
    assert page.goto(f"{server.url}{path}").status in statuses
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    page.locator("details:not(.sild-menu)").evaluate_all("all => all.forEach(one => one.open = true)")
    # What has just opened has its place once it was drawn.
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    check(page, path)


def check(page, path):
    """No finding of axe-core, and nothing wider than the window."""
    if folder := os.environ.get(SHOTS):
        name = "-".join(filter(None, [page.locator("html").get_attribute("lang"), *path.split("?")[0].split("/")]))
        page.screenshot(path=Path(folder) / f"{name}-{page.viewport_size['width']}.png", full_page=True)
    found = AXE.run(page, options=RULES)
    assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], path
