"""How an object stands for a reader: what it is still worth, who said it and when, how often it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from sild.exchange import evidence, own
from sild.exchange.models import Acknowledgement, Record
from sild.threats import reading
from sild.threats.engine import comparisons, decay
from sild.threats.enums import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sild.people.actor import Actor
    from sild.threats.models import Batch
    from sild.threats.reading import Found


@dataclass(frozen=True, slots=True)
class Worth:
    """What is left of an indicator's confidence.

    Attributes:
        score: 0 to 100, now.
        base: the confidence that it started from.
        since: the last sighting, or when it was stated.
        seen: how many times it was seen.
        model: how it ages.
    """

    score: int
    base: int
    since: datetime
    seen: int
    model: decay.Model

    @property
    def is_alert(self) -> bool:
        """True while it deserves an alert."""
        return decay.is_worth_an_alert(self.score, self.model)

    @property
    def word(self) -> str:
        """none, low, medium or high."""
        return decay.words_of(self.score)


@dataclass(frozen=True, slots=True)
class Said:
    """That somebody said it: a node by a signed record, a person, a file or another server.

    Attributes:
        who: the node, person, file or server.
        at: when it was signed, or when it came in.
        record: the signed record; None for what was not published.
        verdict: what verifying that record anew gave.
        is_standing: false when the record was withdrawn or replaced.
        heard: the partners that acknowledged that.
    """

    who: str
    at: datetime
    origin: Origin
    record: Record | None = None
    verdict: Any = None
    is_standing: bool = True
    heard: Sequence[str] = ()

    @property
    def is_ours(self) -> bool:
        """True for what this node's own people said."""
        return self.record is None or self.record.issuer == own.node_id()


def worth(found: Found, sightings: Sequence[Found], now: datetime | None = None) -> Worth | None:
    """What an indicator is still worth after these sightings; None for anything else and for what was revoked."""
    if found.kind != "indicator" or found.is_revoked:
        return None
    content = found.content
    model = decay.model_of(comparisons.main_type(str(content.get("pattern", ""))))
    seen = [(moment(item), int(item.get("count", 1))) for item in (one.content for one in sightings)]
    stated = content.get("confidence")
    since = max([_time(content.get("modified")) or found.added, *(at for at, _count in seen)])
    base = decay.UNSTATED if stated is None else int(stated)
    score = decay.score(stated, since, now or timezone.now(), model)
    return Worth(score, base, since, sum(count for _at, count in seen), model)


def moment(sighting: dict[str, Any]) -> datetime:
    """When something was seen last, by what a sighting says."""
    times = (_time(sighting.get(name)) for name in ("last_seen", "first_seen", "modified", "created"))
    return next(time for time in (*times, datetime.fromtimestamp(0, UTC)) if time)


def said(actor: Actor, stix_id: str) -> list[Said]:
    """Everybody who said this, newest first, each signed record verified anew; only what the actor may see."""
    batches = reading.assertions(actor, stix_id)
    wanted = {batch.record_id for batch in batches} - {None}
    visible = Record.objects.visible_to(actor).in_bulk(wanted)
    replaced = set(Record.objects.filter(replaces_id__in=visible).values_list("replaces_id", flat=True))
    heard = _heard(visible)
    found = {
        batch.record_id or batch.pk: _said(batch, visible.get(batch.record_id), replaced, heard) for batch in batches
    }
    return sorted((one for one in found.values() if one is not None), key=lambda one: one.at, reverse=True)


def acknowledged(records: Sequence[Record]) -> dict[Any, list[str]]:
    """The partners that acknowledged each of our records, by the record's key."""
    known: dict[Any, list[str]] = {}
    for row in Acknowledgement.objects.filter(record__in=records):
        known.setdefault(row.record_id, []).append(row.partner_id)
    return known


def _heard(records: Iterable[Any]) -> dict[Any, list[str]]:
    """The partners that acknowledged what withdrew or replaced each of these, by the key of the earlier record."""
    later = list(Record.objects.filter(Q(withdraws_id__in=records) | Q(replaces_id__in=records)))
    known = acknowledged(later)
    found: dict[Any, set[str]] = {}
    for record in later:
        for earlier in (record.withdraws_id, record.replaces_id):
            found.setdefault(earlier, set()).update(known.get(record.pk, ()))
    return {key: sorted(nodes) for key, nodes in found.items()}


def _said(batch: Batch, record: Record | None, replaced: set[Any], heard: dict[Any, list[str]]) -> Said | None:
    """One assertion; None when it rests on a record that the reader may not see."""
    if batch.record_id is None:
        return Said(batch.source, batch.at, Origin(batch.origin))
    if record is None:
        return None
    is_standing = not record.withdrawn and record.pk not in replaced
    verdict, nodes = evidence.verify(record), heard.get(record.pk, ())
    return Said(record.issuer, record.issued, Origin.RECORD, record, verdict, is_standing, nodes)


def _time(value: Any) -> datetime | None:
    """A STIX timestamp; None when it is none."""
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None
