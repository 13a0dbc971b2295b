"""How values look on the threat desk's pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from sild.threats import picture
from sild.threats.engine import decay, pasted
from sild.threats.enums import Level

register = template.Library()


@register.filter
def tlp(level: int) -> str:
    """The TLP 2.0 label of a level, as in AMBER+STRICT."""
    return Level(level).tlp


@register.filter
def called(found: Any) -> str:
    """What an object is called."""
    return picture.name_of(found)


@register.filter
def defanged(value: str) -> str:
    """A value that nobody follows by mistake."""
    return pasted.defang(str(value))


@register.filter
def type_name(kind: str) -> str:
    """What people call a type of object; STIX's own word for the rest."""
    singular = {
        "indicator": _("indicator"),
        "report": _("report"),
        "intrusion-set": _("actor"),
        "threat-actor": _("actor"),
        "attack-pattern": _("technique"),
        "course-of-action": _("guidance"),
        "sighting": _("sighting"),
        "relationship": _("relationship"),
        "identity": _("organisation"),
        "opinion": _("opinion"),
        "malware": _("malware"),
        "vulnerability": _("vulnerability"),
        "campaign": _("campaign"),
    }
    return singular.get(kind, kind)


@register.filter
def confidence_word(value: int) -> str:
    """none, low, medium or high, in the reader's language."""
    words = {"none": _("none"), "low": _("low"), "medium": _("medium"), "high": _("high")}
    return words[decay.words_of(value)]
