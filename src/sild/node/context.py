"""What the frame of every page shows: who and where the reader is, and where they can go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sild.exchange import evidence
from sild.people.enums import Right
from sild.people.models import Agency
from sild.trust.errors import TrustError

if TYPE_CHECKING:
    from pathlib import Path

    from django.http import HttpRequest

    from sild.people.actor import Actor

# Each language by its own name, so that whoever reads it finds it.
LANGUAGES = [("en", "English"), ("et", "Eesti"), ("uk", "Українська")]
# The app that must be installed, where its pages begin, and what people call them.
ENTRIES = [
    ("sild.node", "/", _("Home")),
    ("sild.plan", "/plan/", _("Plan")),
    ("sild.sandbox", "/sandbox/", _("Sandbox")),
    ("sild.analyst", "/analyst/", _("Analyst")),
    ("sild.threats", "/threats/", _("Threats")),
    ("sild.exchange", "/records/", _("Records")),
    ("sild.exchange", "/documents/", _("Documents")),
    ("sild.exchange", "/partners/", _("Partners")),
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the main navigation."""

    href: str
    label: object
    current: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the values of `base.html` under the one name `frame`."""
    facts: dict[str, Any] = {
        "title": settings.CONFIG.title or settings.CONFIG.node.capitalize(),
        "node": settings.CONFIG.node,
        "fingerprint": short_fingerprint(settings.CONFIG.keys),
        "version": version("sild"),
        "languages": LANGUAGES,
        "here": request.get_full_path() if request.method == "GET" else "/",
        "navigation": navigation(request.path),
    }
    actor: Actor | None = getattr(request, "actor", None)  # a request that failed early has none
    return {"frame": facts | (_reader(actor) if actor is not None and actor.person is not None else {})}


def _reader(actor: Actor) -> dict[str, Any]:
    """Whoever is signed in, and what their menu offers."""
    return {
        "signed_in": True,
        "person": actor.person,
        "agency": actor.agency,
        "agencies": Agency.objects.filter(memberships__person=actor.person),
        "may_edit": actor.may(Right.EDIT),
        "may_administer": actor.may(Right.ADMINISTER),
    }


def navigation(path: str) -> list[Entry]:
    """The entries of the installed modules; the one that `path` belongs to is current."""
    return [
        Entry(href, label, path == href or (href != "/" and path.startswith(href)))
        for app, href, label in ENTRIES
        if apps.is_installed(app)
    ]


def short_fingerprint(keys: Path) -> str:
    """The first two groups of the node's fingerprint; empty while it has no keys."""
    try:
        return _short(keys)
    except (TrustError, OSError):
        return ""


@lru_cache(maxsize=4)
def _short(_keys: Path) -> str:
    """Read once for each folder of keys."""
    return "-".join(evidence.own_identity().fingerprint.split("-")[:2])
