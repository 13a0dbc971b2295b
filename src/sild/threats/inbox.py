"""What records say of threats goes into the stores of the agencies that may see them, and out when withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency
from sild.threats import removal, services, writing
from sild.threats.enums import Level, Origin
from sild.threats.ingest import Source, add_objects
from sild.threats.models import Assertion, Batch, Collection, Member

if TYPE_CHECKING:
    from collections.abc import Iterable

BUNDLE = "threats.bundle"
SIGHTING = "threats.sighting"
FEEDBACK = "threats.feedback"
# The alias of the collection that holds what came in records, one for each agency.
ALIAS = "records"
# Where each kind keeps its STIX bundle: the whole body, or a member of it.
_MEMBER = {BUNDLE: "", SIGHTING: "", FEEDBACK: "", "analyst.findings": "bundle"}


def objects_of(record: Record) -> list[Any]:
    """The STIX objects that a record carries; none when it is of another kind."""
    if record.kind not in _MEMBER:
        return []
    body = record.body
    bundle = body.get(_MEMBER[record.kind], {}) if _MEMBER[record.kind] else body
    objects = bundle.get("objects") if isinstance(bundle, dict) else None
    return objects if isinstance(objects, list) else []


def take(record: Record) -> None:
    """Take a record in, ours or a partner's, in the transaction that adds it; one that takes another back, too."""
    if record.kind in _MEMBER:
        for agency in Agency.objects.all():
            take_for(agency, record)
    for earlier in (record.withdraws_id, record.replaces_id):
        if earlier is not None:
            give_up(earlier, record.issuer)


def take_for(agency: Agency, record: Record) -> Batch | None:
    """Put a record's objects into an agency's store; None when that agency may not see it, or has it already."""
    actor = worker(agency)
    visible = Record.objects.visible_to(actor).filter(pk=record.pk, withdrawn=False)
    if Batch.objects.filter(agency=agency, record=record).exists() or not visible.exists():
        return None
    # The record's marking covers all that it says: nothing in it is shown more openly than the record itself.
    source = Source(Origin.RECORD, record.issuer, record, floor=Level.of(record.tlp))
    return add_objects(actor, _collection(actor, agency, record), objects_of(record), source)


def catch_up(agency: Agency) -> int:
    """Take in for a new agency what came before it was founded; returns how many records."""
    superseded = Record.objects.exclude(replaces_id=None).values("replaces_id")
    standing = Record.objects.filter(kind__in=_MEMBER, withdrawn=False).exclude(pk__in=superseded)
    return sum(take_for(agency, record) is not None for record in standing.order_by("issued", "pk"))


def give_up(record_id: Any, issuer: str) -> None:
    """Take out what rests on this record of that issuer alone; what others say too stays, on their word."""
    for batch in Batch.objects.filter(record_id=record_id, record__issuer=issuer).select_related("collection"):
        if batch.collection is not None:
            resting = Member.objects.filter(collection=batch.collection, version__assertions__batch=batch)
            removal.remove_members(batch.collection, _unsupported(resting, batch))


def _unsupported(members: Any, batch: Batch) -> list[Member]:
    """The members that nothing else in the collection supports: no other standing record, no file, no person."""
    superseded = Record.objects.exclude(replaces_id=None).values("replaces_id")
    gone = Q(batch__record__withdrawn=True) | Q(batch__record__in=superseded)
    others = Assertion.objects.filter(batch__collection=batch.collection).exclude(batch=batch).exclude(gone)
    return list(members.exclude(version__in=others.values("version")))


def worker(agency: Agency) -> Actor:
    """The node itself, working for an agency."""
    return Actor(who="records", role=Role.EDITOR, agency=agency, via="job")


def _collection(actor: Actor, agency: Agency, record: Record) -> Collection:
    """Where a record's objects go: with what the agency wrote itself, or with what came in records."""
    if record.is_own and record.agency_id == agency.pk:
        return writing.desk_collection(actor)
    found = Collection.objects.filter(agency=agency, alias=ALIAS).first()
    return found or services.create_collection(
        actor, "From records", agency=agency, alias=ALIAS, unmarked_as=Level.CLEAR
    )


def standing(records: Iterable[Record]) -> list[Record]:
    """The records that are neither withdrawn nor replaced."""
    rows = list(records)
    replaced = set(
        Record.objects.filter(replaces_id__in=[row.pk for row in rows]).values_list("replaces_id", flat=True)
    )
    return [row for row in rows if not row.withdrawn and row.pk not in replaced]
