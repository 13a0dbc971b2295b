"""What single fields cannot show: names used twice, parties and rules that nobody defined, dates out of order.

It looks at the file as it was written, right or wrong, so that these problems are found in the same pass as the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sild.plan.engine.memorandum import ANY_PARTY, EACH_PARTY

Place = tuple[str | int, ...]
Contradiction = tuple[Place, str]


def contradictions(data: Any) -> Iterator[Contradiction]:
    """Find every place where the parts of a memorandum contradict each other, with a sentence."""
    parties = set(_mapping(_mapping(data).get("parties")))
    commitments = _listed(data, "commitments")
    yield from _twice(("commitments",), commitments)
    for index, commitment in commitments:
        yield from _in_commitment(("commitments", index), commitment, parties)


def _in_commitment(place: Place, commitment: Any, parties: set[str]) -> Iterator[Contradiction]:
    """Look into one commitment."""
    rules, steps = _listed(commitment, "evidence"), _listed(commitment, "milestones")
    yield from _twice((*place, "evidence"), rules)
    yield from _twice((*place, "milestones"), steps)
    for index, owner in _listed(commitment, "owners"):
        yield from _unknown_party((*place, "owners", index), owner, parties)
    slugs = {_mapping(rule).get("slug") for _index, rule in rules}
    for index, rule in rules:
        here = (*place, "evidence", index)
        yield from _sender(here, rule, parties)
        other = _mapping(rule).get("differs_from")
        if isinstance(other, str) and (other not in slugs or other == _mapping(rule).get("slug")):
            yield (*here, "differs_from"), f"“{other}” is not the slug of another rule of this commitment."
    for index, step in steps:
        yield from _step((*place, "milestones", index), step, commitment, parties)


def _step(place: Place, step: Any, commitment: Any, parties: set[str]) -> Iterator[Contradiction]:
    """Look into one milestone."""
    yield from _sender((*place, "evidence"), _mapping(step).get("evidence"), parties)
    due, last = _mapping(step).get("due"), _mapping(commitment).get("due")
    if isinstance(due, date) and isinstance(last, date) and due > last:
        yield (*place, "due"), f"{due} lies after the commitment's own due date, {last}."


def _sender(place: Place, condition: Any, parties: set[str]) -> Iterator[Contradiction]:
    """Look at the party that a condition asks for."""
    issuer = _mapping(condition).get("from", ANY_PARTY)
    if issuer not in {ANY_PARTY, EACH_PARTY}:
        yield from _unknown_party((*place, "from"), issuer, parties)


def _unknown_party(place: Place, code: Any, parties: set[str]) -> Iterator[Contradiction]:
    """Complain when a code is not that of a party."""
    if isinstance(code, str) and code not in parties:
        yield place, f"“{code}” is no party here; the parties are {', '.join(sorted(map(str, parties))) or 'missing'}."


def _twice(place: Place, rows: list[tuple[int, Any]]) -> Iterator[Contradiction]:
    """Complain about each slug that an earlier row has already."""
    seen: set[str] = set()
    for index, row in rows:
        slug = _mapping(row).get("slug")
        if isinstance(slug, str) and slug in seen:
            yield (*place, index, "slug"), f"“{slug}” is used twice; choose another slug."
        seen.add(str(slug))


def _mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def _listed(container: Any, name: str) -> list[tuple[int, Any]]:
    """The numbered rows of a list in a mapping; none when there is no list."""
    value = _mapping(container).get(name)
    return list(enumerate(value)) if isinstance(value, list) else []
