"""Indicators in a CSV file, with a mapping that says which column is what."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .pasted import Asked, classify
from .sentences import DeskError, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_ROWS = 200_000
# What a column can be; `value` is the one that there must be.
FIELDS = (
    "value",
    "type",
    "name",
    "description",
    "confidence",
    "tlp",
    "valid_from",
    "valid_until",
    "labels",
    "technique",
)
# Headings by which the usual feeds call them, lower case.
_USUAL = {
    "value": ("value", "indicator", "ioc", "observable", "ip", "domain", "url", "hash", "sha256"),
    "type": ("type", "indicator_type", "ioc_type"),
    "name": ("name", "title"),
    "description": ("description", "comment", "note", "context"),
    "confidence": ("confidence", "score"),
    "tlp": ("tlp", "marking"),
    "valid_from": ("valid_from", "first_seen", "date", "created"),
    "valid_until": ("valid_until", "expires", "expiration"),
    "labels": ("labels", "tags"),
    "technique": ("technique", "mitre", "attack", "ttp"),
}


class MappingError(DeskError):
    """The file cannot be read with this mapping; the sentence says which line or column."""

    code = "csv-mapping"


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator of the file.

    Attributes:
        line: its line in the file, from 1.
        asked: what it is about.
        fields: what the other mapped columns say, empty ones left out.
    """

    line: int
    asked: Asked
    fields: dict[str, str]


def guess(heading: Sequence[str]) -> dict[str, str]:
    """A mapping from fields to the columns that are usually called so."""
    known = {column.strip().lower(): column for column in heading}
    return {
        field: known[name]
        for field, names in _USUAL.items()
        for name in [next((name for name in names if name in known), "")]
        if name
    }


def parse_mapping(text: str) -> dict[str, str]:
    """A mapping written as `value=ip,description=comment`.

    Raises:
        MappingError: a part is not written so, or names a field that there is not.
    """
    mapping = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        field, sign, column = part.partition("=")
        if not sign or field.strip() not in FIELDS:
            raise MappingError(
                _("“%(part)s” is not field=column with one of the fields %(known)s."),
                part=part,
                known=", ".join(FIELDS),
            )
        mapping[field.strip()] = column.strip()
    return mapping


def read(text: str, mapping: Mapping[str, str] | None = None) -> Iterator[Row]:
    """The indicators of a CSV text whose first line names the columns; comma, semicolon or tab separates.

    Args:
        text: the file, decoded.
        mapping: column by field; guessed from the headings when it is empty.

    Raises:
        MappingError: a column is missing, there is no value column, or the file has over `MOST_ROWS` rows.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=_delimiter(text))
    heading = reader.fieldnames or []
    mapping = dict(mapping) if mapping else guess(heading)
    missing = [column for column in mapping.values() if column not in heading]
    there = ", ".join(heading)
    if missing:
        raise MappingError(
            _("There is no column “%(column)s”. The file has: %(there)s."), column=missing[0], there=there
        )
    if "value" not in mapping:
        raise MappingError(
            _("Say which column holds the indicators, as in value=ip. The file has: %(there)s."), there=there
        )
    yield from _rows(reader, mapping)


def _rows(reader: csv.DictReader[str], mapping: Mapping[str, str]) -> Iterator[Row]:
    """The rows that hold an indicator."""
    for number, row in enumerate(reader, start=1):
        if number > MOST_ROWS:
            raise MappingError(_("The file has more than %(most)s rows. Split it."), most=MOST_ROWS)
        value = (row.get(mapping["value"]) or "").strip()
        if value and not value.startswith("#"):
            fields = {field: (row.get(column) or "").strip() for field, column in mapping.items() if field != "value"}
            yield Row(reader.line_num, classify(value), {field: text for field, text in fields.items() if text})


def _delimiter(text: str) -> str:
    """The separator that the first line has most of."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)
