"""What was met before: records that name a value, and earlier cases that share the most of what is rare.

Modules do not read each other's tables, so this keeps an index of its own over every record that is added.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count

from sild.analyst import items
from sild.analyst.models import Mention, Reading
from sild.exchange.models import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sild.people.actor import Actor

KINDS = frozenset({"threats.bundle", "analyst.findings"})
MOST_VALUES = 1000
MOST_CASES = 5
COMMON = 1000  # what more cases than this have says nothing
MAX_VALUE = 500
_NAMED = frozenset({"intrusion-set", "malware", "tool", "vulnerability", "threat-actor"})
_QUOTED = re.compile(r"=\s*'((?:[^'\\]|\\.){1,500})'")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Case:
    """An earlier case.

    Attributes:
        title, url: of the reading or the record.
        is_record: whether it is a record, ours or a partner's.
        shared: what both name.
        similarity: 0 to 1; the part of this case's values that the other has, each counted by 1 / (cases that have it).
    """

    title: str
    url: str
    is_record: bool
    shared: list[str]
    similarity: float


def values_of_bundle(bundle: Any) -> set[str]:
    """What a STIX bundle names: values of indicators and observables, techniques, actors, malware, vulnerabilities."""
    objects = bundle.get("objects") if isinstance(bundle, dict) else None
    found = (
        value
        for item in (objects if isinstance(objects, list) else ())
        if isinstance(item, dict)
        for value in _of_object(item)
    )
    return {_folded(value) for value in found if 0 < len(value) <= MAX_VALUE}


def values_of_reading(reading: Reading) -> set[str]:
    """What a reading's findings name, without what is harmless or inside a network."""
    shown = (item for item in items.proposed(reading.found) if item.scope in {"", "public"})
    return {_folded(item.value) for item in shown if len(item.value) <= MAX_VALUE}


def note_record(record: Record) -> None:
    """Keep what a record names, in the transaction that adds it."""
    if record.kind in KINDS:
        body = record.body
        values = values_of_bundle(body.get("bundle", body))
        Mention.objects.bulk_create(
            [Mention(record_id=record.pk, value=value) for value in sorted(values)], ignore_conflicts=True
        )


def note_reading(reading: Reading) -> None:
    """Keep what a reading names."""
    values = sorted(values_of_reading(reading))
    Mention.objects.bulk_create([Mention(reading=reading, value=value) for value in values])


def known(actor: Actor, values: Iterable[str]) -> dict[str, list[Record]]:
    """Records that name each value, of those that the actor may see and nobody took back."""
    wanted = {_folded(value): value for value in values}
    rows = list(
        Mention.objects.filter(value__in=sorted(wanted)[:MOST_VALUES])
        .exclude(record_id=None)
        .values_list("value", "record_id")[: 10 * MOST_VALUES]
    )
    records = _records(actor, {pk for _, pk in rows if pk})
    found: dict[str, list[Record]] = defaultdict(list)
    for value, pk in rows:
        if pk in records:
            found[wanted[value]].append(records[pk])
    return dict(found)


def cases(actor: Actor, reading: Reading) -> list[Case]:
    """The five earlier cases that are most alike, the likest first."""
    mine = sorted(values_of_reading(reading))[:MOST_VALUES]
    held = Mention.objects.filter(value__in=mine).exclude(reading=reading)
    number = dict(held.order_by().values_list("value").annotate(number=Count("pk")))
    weight = {value: 1 / number.get(value, 1) for value in mine}
    rare = [value for value in mine if 0 < number.get(value, 0) <= COMMON]
    shared: dict[tuple[bool, Any], list[str]] = defaultdict(list)
    for value, record_id, reading_id in held.filter(value__in=rare).values_list("value", "record_id", "reading_id"):
        shared[record_id is not None, record_id or reading_id].append(value)
    score = Counter({case: sum(weight[value] for value in values) for case, values in shared.items()})
    return _seen(actor, reading, score, shared, sum(weight.values()) or 1)


def _seen(
    actor: Actor, reading: Reading, score: Counter[tuple[bool, Any]], shared: dict[Any, list[str]], whole: float
) -> list[Case]:
    """The best cases of those that the actor may see; the record that this reading was shared as is none."""
    records = _records(actor, {pk for is_record, pk in score if is_record and pk != reading.record_id})
    ids = {pk for is_record, pk in score if not is_record}
    readings = {one.pk: one for one in actor.visible(Reading.objects.defer("text")).filter(pk__in=sorted(ids))}
    found: list[Case] = []
    for (is_record, pk), weight in score.most_common():
        case: Record | Reading | None = records.get(pk) if is_record else readings.get(pk)
        if case is not None and len(found) < MOST_CASES:
            title = case.subject if isinstance(case, Record) else case.name
            values = sorted(shared[is_record, pk])
            found.append(Case(title, case.get_absolute_url(), is_record, values, round(weight / whole, 3)))
    return found


def _records(actor: Actor, ids: set[Any]) -> dict[Any, Record]:
    wanted = Record.objects.visible_to(actor).filter(pk__in=sorted(ids)[: 10 * MOST_VALUES], withdrawn=False)
    return {record.pk: record for record in wanted.defer("raw")}


def _of_object(item: dict[str, Any]) -> Iterator[str]:
    """What one object names."""
    kind = item.get("type")
    if kind == "indicator":
        yield from (_ESCAPED.sub(r"\1", value) for value in _QUOTED.findall(str(item.get("pattern", ""))))
    elif kind == "attack-pattern":
        yield from _external_ids(item.get("external_references"))
    elif kind in _NAMED and isinstance(item.get("name"), str):
        yield item["name"]
    elif isinstance(item.get("value"), str):
        yield item["value"]
    if isinstance(item.get("hashes"), dict):
        yield from (value for value in item["hashes"].values() if isinstance(value, str))


def _external_ids(references: Any) -> Iterator[str]:
    for one in references if isinstance(references, list) else ():
        if isinstance(one, dict) and one.get("source_name") == "mitre-attack":
            yield str(one.get("external_id", ""))


def _folded(value: str) -> str:
    return value.strip().lower()
