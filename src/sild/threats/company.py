"""What goes along when objects are shared, under which level, and what has to stay because of where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from sild.exchange import own
from sild.threats import reading, writing
from sild.threats.desk_errors import SharingError
from sild.threats.enums import Level, Origin
from sild.threats.errors import NotFoundError
from sild.threats.models import Assertion, Edge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.people.actor import Actor
    from sild.threats.reading import Found

MOST = 5_000
# Up to here what a partner said may go on to others of the community (FIRST TLP 2.0, TLP:GREEN).
ONWARD = Level.GREEN
_NOT_FOLLOWED = ("created_by_ref", "object_marking_refs")
_REFS = ("source_ref", "target_ref", "sighting_of_ref", "object_refs", "observed_data_refs", "where_sighted_refs")


def gather(actor: Actor, stix_ids: Sequence[str]) -> list[Found]:
    """The chosen objects, what they state or point at, and who created them, as far as the actor may see it.

    Raises:
        SharingError: nothing was chosen, or too much.
        NotFoundError: the actor may not see one of them.
    """
    if not stix_ids:
        raise SharingError(_("Choose what to share."))
    chosen = reading.get_many(actor, stix_ids)
    missing = [one for one in stix_ids if one not in chosen]
    if missing:
        raise NotFoundError(_("There is no object %(id)s here that you may see.") % {"id": missing[0]})
    along = chosen | reading.get_many(actor, _followed(stix_ids) - set(chosen))
    creators = {str(found.content.get("created_by_ref")) for found in along.values()} - set(along) - {"None"}
    everything = along | reading.get_many(actor, creators)
    if len(everything) > MOST:
        raise SharingError(_("That is more than %(most)s objects. Share in parts.") % {"most": MOST})
    return [found for found in everything.values() if found.kind != "marking-definition"]


def levels(chosen: Sequence[Found]) -> dict[str, Level]:
    """Under which level each object travels: its own, or that of the most closed object that it names.

    A relationship that names an object tells of it, so it is never more open than its ends.
    """
    known = {found.stix_id: found.level for found in chosen}
    # A report names relationships, which name objects: twice reaches the ends of both.
    for _again in range(2):
        known = {
            found.stix_id: max([known[found.stix_id], *(known[ref] for ref in refs_of(found) if ref in known)])
            for found in chosen
        }
    return known


def kept_here(actor: Actor, chosen: Sequence[Found], travelling: dict[str, Level]) -> dict[str, str]:
    """The objects that may not go on, with the reason: others said them under a marking that ends with us."""
    closed = [found.stix_id for found in chosen if travelling[found.stix_id] > ONWARD]
    ours = Q(batch__origin__in=(Origin.DESK, Origin.FILE, Origin.TAXII), batch__agency=writing.agency_of(actor))
    ours |= Q(batch__record__issuer=own.node_id(), batch__record__agency=writing.agency_of(actor))
    known = Assertion.objects.filter(ours, version__object__stix_id__in=closed)
    free = set(known.values_list("version__object__stix_id", flat=True))
    reason = _("Others said this under a marking above TLP:GREEN, so it does not go on from here.")
    return {one: reason for one in closed if one not in free}


def refs_of(found: Found) -> list[str]:
    """The ids of the objects that an object is about."""
    content = found.content
    values = [content.get(name) for name in _REFS]
    return [ref for value in values for ref in (value if isinstance(value, list) else [value]) if isinstance(ref, str)]


def _followed(stix_ids: Sequence[str]) -> set[str]:
    """Ids of what these objects point at, and of the relationships that state it."""
    edges = Edge.objects.filter(source__stix_id__in=stix_ids).exclude(label__in=_NOT_FOLLOWED)
    pairs = edges.values_list("target__stix_id", "via__object__stix_id")
    return {one for pair in pairs for one in pair}
