"""Files of others, taken in: STIX bundles, MISP events, CSV."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import orjson
from django.utils.translation import gettext as _

from sild.people.enums import Right
from sild.threats import misp, writing
from sild.threats.desk_errors import ImportingError, translated
from sild.threats.engine import attack, build, comparisons, csvmap, tlp
from sild.threats.engine.sentences import DeskError
from sild.threats.enums import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sild.people.actor import Actor
    from sild.threats.engine.csvmap import Row
    from sild.threats.models import Batch

Format = Literal["auto", "stix", "misp", "csv"]
MOST_BYTES = 100_000_000


def import_file(
    actor: Actor,
    name: str,
    data: bytes,
    *,
    form: Format = "auto",
    mapping: Mapping[str, str] | None = None,
    level: str = "AMBER",
) -> Batch:
    """Take the objects of a file into the desk's collection; one bad object does not sink the others.

    Args:
        actor: needs the right to edit.
        name: the file's name, which is kept as the source.
        data: its bytes.
        form: what it is; “auto” looks at its content.
        mapping: for CSV, the column of each field.
        level: the TLP 2.0 level of what says nothing of it.

    Raises:
        ImportingError: the file is not what it is said to be.
    """
    actor.require(Right.EDIT)
    if level not in tlp.LEVELS:
        known = ", ".join(tlp.LEVELS)
        raise ImportingError(
            _("“%(tlp)s” is no TLP 2.0 marking. Choose one of %(known)s.") % {"tlp": level, "known": known}
        )
    if len(data) > MOST_BYTES:
        raise ImportingError(_("The file is larger than 100 MB. Split it."))
    form = _guess(data) if form == "auto" else form
    if form == "csv":
        return writing.store(actor, _from_csv(actor, _text(data, name), mapping, level), Origin.FILE, name)
    content = _json(data, name)
    objects = misp.to_stix(content, level) if form == "misp" else _objects(content, name)
    return writing.store(actor, objects, Origin.FILE, name)


def _guess(data: bytes) -> Format:
    """JSON with a MISP event, any other JSON, or CSV."""
    head = data.lstrip()[:1]
    if head not in {b"{", b"["}:
        return "csv"
    beginning = data[:4096]
    return "misp" if b'"Event"' in beginning or b'"threat_level_id"' in beginning else "stix"


def _text(data: bytes, name: str) -> str:
    """The file as UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportingError(_("%(name)s is not UTF-8. Save it as UTF-8.") % {"name": name}) from error


def _json(data: bytes, name: str) -> Any:
    """The file as JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ImportingError(_("%(name)s is not JSON: %(why)s") % {"name": name, "why": error}) from error


def _objects(content: Any, name: str) -> list[Any]:
    """The objects of a bundle, of a list, or the one object."""
    if isinstance(content, dict) and isinstance(content.get("objects"), list):
        return list(content["objects"])
    if isinstance(content, dict) and "id" in content:
        return [content]
    if isinstance(content, list):
        return content
    raise ImportingError(_("%(name)s holds neither a STIX bundle nor STIX objects.") % {"name": name})


def _from_csv(actor: Actor, text: str, mapping: Mapping[str, str] | None, level: str) -> list[dict[str, Any]]:
    """The indicators of a CSV file, with the techniques that it names."""
    identity = writing.identity_of(writing.agency_of(actor))
    objects: dict[str, dict[str, Any]] = {identity["id"]: identity}
    try:
        for row in csvmap.read(text, mapping):
            for item in _from_row(row, identity, level):
                objects[item["id"]] = item
    except DeskError as error:
        raise ImportingError(translated(error), code=error.code) from error
    except csv.Error as error:
        raise ImportingError(_("The CSV file is broken: %(why)s") % {"why": error}) from error
    return list(objects.values())


def _from_row(row: Row, identity: dict[str, Any], level: str) -> list[dict[str, Any]]:
    """The indicator of one row, its technique and the relationship between them."""
    given = row.fields
    said = given.get("tlp", "").upper().removeprefix("TLP:").replace("WHITE", "CLEAR")
    maker = build.Maker(identity, writing.now(), said if said in tlp.LEVELS else level)
    try:
        made = maker.indicator(
            given.get("name") or row.asked.value,
            comparisons.pattern_for(row.asked),
            indicator_types=["malicious-activity"],
            description=given.get("description", ""),
            confidence=_confidence(row),
            labels=[label for label in given.get("labels", "").replace("|", ",").split(",") if label.strip()],
            **_times(row),
        )
    except DeskError as error:
        where = _("Line %(line)s") % {"line": row.line}
        raise ImportingError(f"{where}: {translated(error)}") from error
    named = given.get("technique", "").upper()
    if named not in attack.techniques():
        return [made]
    technique = build.technique(named)
    return [made, technique, maker.relationship(made["id"], "indicates", technique["id"])]


def _confidence(row: Row) -> int | None:
    """A whole number of 0 to 100; None for a column that says nothing."""
    said = row.fields.get("confidence", "")
    if not said:
        return None
    if not said.isdigit() or int(said) > 100:  # noqa: PLR2004 -- STIX 2.1, section 3.2
        raise ImportingError(_("Line %(line)s: a confidence is a number of 0 to 100.") % {"line": row.line})
    return int(said)


def _times(row: Row) -> dict[str, str]:
    """The times that the row gives, as STIX writes them; a day is its first moment in UTC."""
    times = {}
    for name in ("valid_from", "valid_until"):
        if said := row.fields.get(name):
            try:
                moment = datetime.fromisoformat(said)
            except ValueError as error:
                sentence = _("Line %(line)s: “%(said)s” is no time. Write it as 2026-03-01 or 2026-03-01T12:00Z.")
                raise ImportingError(sentence % {"line": row.line, "said": said}) from error
            times[name] = build.stamp(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC))
    return times
