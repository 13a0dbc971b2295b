"""What a reader may see, written for others' tools: a STIX bundle, CSV, a MISP event."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sild.people import audit
from sild.people.enums import Right
from sild.threats import finding, misp, reading, search, standing
from sild.threats.engine import build, comparisons, tlp
from sild.threats.enums import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sild.people.actor import Actor
    from sild.threats.reading import Found

COLUMNS = ("type", "value", "name", "tlp", "confidence", "score", "last_seen", "valid_from", "labels", "id")
MOST = 50_000
# TLP:RED never leaves the node, for a file either.
CEILING = Level.AMBER_STRICT


def found(actor: Actor, query: search.Query, ceiling: Level = CEILING) -> Iterator[Found]:
    """Everything that a query finds for the reader up to a level, page after page, `MOST` at most."""
    before, count = query.before, 0
    while count < MOST:
        page = finding.find(actor, replace(query, before=before, limit=search.MOST_RESULTS))
        for item in page.items:
            if item.level <= min(ceiling, CEILING):
                count += 1
                yield item
        if page.next is None:
            return
        before = page.next


def stix_bundle(actor: Actor, query: search.Query, ceiling: Level = CEILING) -> dict[str, Any]:
    """A STIX 2.1 bundle of what a query finds, with the definitions of its markings."""
    actor.require(Right.VIEW)
    objects = list(found(actor, query, ceiling))
    levels = sorted({item.level for item in objects})
    audit.note(actor, "threats.export", form="stix", objects=len(objects))
    return build.bundle([*(tlp.definition(Level(level).tlp) for level in levels), *(item.content for item in objects)])


def misp_event(actor: Actor, query: search.Query, ceiling: Level = CEILING) -> dict[str, Any]:
    """A MISP event of what a query finds.

    Raises:
        ImportingError: the converter is not installed, or cannot write it.
    """
    actor.require(Right.VIEW)
    objects = [item.content for item in found(actor, query, ceiling)]
    audit.note(actor, "threats.export", form="misp", objects=len(objects))
    return misp.from_stix(objects)


def csv_text(actor: Actor, query: search.Query, ceiling: Level = CEILING) -> str:
    """The indicators that a query finds, one row for each value; cells that a spreadsheet would run are defused."""
    actor.require(Right.VIEW)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    indicators = [item for item in found(actor, query, ceiling) if item.kind == "indicator" and not item.is_revoked]
    sightings = reading.sightings_of(actor, [item.stix_id for item in indicators])
    for item in indicators:
        worth = standing.worth(item, sightings.get(item.stix_id, []))
        writer.writerows([[_defused(cell) for cell in row] for row in _rows(item, worth)])
    audit.note(actor, "threats.export", form="csv", objects=len(indicators))
    return out.getvalue()


def _rows(item: Found, worth: standing.Worth | None) -> Sequence[Sequence[Any]]:
    """The rows of one indicator."""
    content = item.content
    values = list(comparisons.values_in(content["pattern"])) or [(content["pattern_type"], content["pattern"])]
    common = [
        content.get("name", ""),
        item.level.tlp,
        content.get("confidence", ""),
        worth.score if worth else "",
        build.stamp(worth.since) if worth else "",
        content.get("valid_from", ""),
        "|".join(content.get("labels", [])),
        item.stix_id,
    ]
    return [[kind, value, *common] for kind, value in values]


def _defused(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula (CWE-1236)."""
    text = str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
