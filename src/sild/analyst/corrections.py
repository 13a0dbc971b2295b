"""What analysts decided, as labelled reports in the corpus's form; nothing above a chosen marking goes along."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from sild.analyst import items
from sild.analyst.errors import DecisionError
from sild.analyst.models import Reading
from sild.exchange.enums import Tlp
from sild.people import audit
from sild.people.enums import Right

if TYPE_CHECKING:
    from sild.analyst.items import Item
    from sild.people.actor import Actor

# From what everybody may read to what nobody else may.
ORDER = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")


@transaction.atomic
def export(actor: Actor, most: str) -> list[dict[str, Any]]:
    """Readings that were gone through whole, oldest first, as the corpus has reports.

    A sentence without a mark is a negative example, so a reading with a proposal that is open, or that somebody
    accepted unseen, is left out.

    Args:
        actor: who may publish, since the texts leave the agency.
        most: the highest marking that goes along.

    Raises:
        NotAllowedError: the actor may not publish.
        DecisionError: there is no such marking.
    """
    actor.require(Right.PUBLISH)
    if most not in ORDER:
        raise DecisionError(_("“%(tlp)s” is no marking of TLP 2.0.") % {"tlp": most})
    allowed = [Tlp(label) for label in ORDER[: ORDER.index(most) + 1]]
    lines: list[dict[str, Any]] = []
    for reading in actor.visible(Reading.objects.filter(tlp__in=allowed)).order_by("at", "pk"):
        line = _line(reading)
        if line:
            lines.append({**line, "id": f"{line['language']}-train-{len(lines) + 1:03}"})
    audit.note(actor, "analyst.export-corrections", most, reports=len(lines))
    return lines


def _line(reading: Reading) -> dict[str, Any] | None:
    """One reading as the corpus has it; None while it was not gone through whole."""
    decided = items.decided(reading.found, reading.decisions.all())
    if not decided or any(not item.verdict or (item.decision and item.decision.in_bulk) for item in decided):
        return None
    text = _normal(reading.text)
    spans = [_span(reading.text, item) for item in decided if item.verdict == "accepted"]
    return {
        "id": "",
        "language": reading.language,
        "side": "train",
        "title": _normal(reading.name),
        "text": text,
        "source": {"kind": "corrected", "style": "report", "note": "Marked by analysts.", "tlp": reading.tlp},
        "spans": sorted(spans, key=lambda span: (span["start"], span["end"])),
    }


def _span(text: str, item: Item) -> dict[str, Any]:
    """An item as a span, its offsets counted in the text's normal form."""
    words = text[item.start : item.end]
    start = item.start + len(words) - len(words.lstrip())
    place = {"start": len(_normal(text[:start])), "end": len(_normal(text[: start + len(words.strip())]))}
    if item.group == "technique":
        return {**place, "type": "technique", "technique": item.value}
    if item.group == "indicator":
        return {**place, "type": "indicator", "kind": item.kind, "value": item.value, "role": "unknown"}
    return {**place, "type": "actor" if item.kind == "actor" else "malware", "value": item.value}


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
