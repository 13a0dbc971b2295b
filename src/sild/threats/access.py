"""Who may read and write which collection, and up to which level: asked by every query, decided here alone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from sild.people.enums import Right
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError, RefusedError
from sild.threats.models import Collection, Grant

if TYPE_CHECKING:
    from sild.people.actor import Actor


@dataclass(frozen=True, slots=True)
class Access:
    """What an actor may do in one collection.

    Attributes:
        may_read: see objects up to `ceiling`.
        may_write: add and delete objects.
        ceiling: the highest level that is shown.
    """

    collection: Collection
    may_read: bool
    may_write: bool
    ceiling: Level

    def require_read(self) -> Access:
        """Pass if the actor may read.

        Raises:
            RefusedError: they may only write.
        """
        if not self.may_read:
            raise RefusedError(_("You may not read the collection “%(title)s”.") % {"title": self.collection.title})
        return self

    def require_write(self) -> Access:
        """Pass if the actor may write.

        Raises:
            RefusedError: they may only read.
        """
        if not self.may_write:
            raise RefusedError(_("You may not write to the collection “%(title)s”.") % {"title": self.collection.title})
        return self


def accesses(actor: Actor) -> list[Access]:
    """Every collection that the actor may read or write, by title."""
    return _accesses(actor, Collection.objects.all())


def access(actor: Actor, name: str | uuid.UUID) -> Access:
    """What the actor may do in the collection of that id or alias.

    Raises:
        NotFoundError: there is none, or the actor may neither read nor write it.
    """
    try:
        wanted = Q(pk=uuid.UUID(str(name)))
    except ValueError:
        wanted = Q(alias=name) & ~Q(alias="")
    found = _accesses(actor, Collection.objects.filter(wanted))
    if not found:
        raise NotFoundError(_("There is no collection %(name)s here that you may use.") % {"name": name})
    return found[0]


def _accesses(actor: Actor, collections: object) -> list[Access]:
    """What the actor may do in each of these; what they may not use at all is left out."""
    rows = list(collections.order_by("title", "pk"))  # type: ignore[attr-defined]  # a queryset, from this file only
    grants = {} if all(_owns(actor, row) for row in rows) else _grants(actor)
    decided = (_decide(actor, row, grants.get(row.pk, [])) for row in rows)
    return [one for one in decided if one.may_read or one.may_write]


def _grants(actor: Actor) -> dict[uuid.UUID, list[Grant]]:
    """The grants that name the actor, by collection."""
    if actor.agency is None:
        return {}
    names = Q(agency=actor.agency)
    if actor.person is not None:
        names |= Q(person=actor.person)
    if actor.token_id is not None:
        names |= Q(token_id=actor.token_id)
    found: dict[uuid.UUID, list[Grant]] = {}
    for grant in Grant.objects.filter(names):
        found.setdefault(grant.collection_id, []).append(grant)
    return found


def _decide(actor: Actor, collection: Collection, grants: list[Grant]) -> Access:
    """The owner's people by their roles, unless the collection is only for those named; others by grants.

    A role is never exceeded: a grant to write gives nothing to somebody who may only view.
    """
    views, edits = actor.may(Right.VIEW), actor.may(Right.EDIT)
    if _owns(actor, collection):
        return Access(collection, views, edits, Level.RED)
    reading = [Level(grant.ceiling) for grant in grants if grant.may_read]
    writing = any(grant.may_write for grant in grants)
    return Access(collection, views and bool(reading), edits and writing, max(reading, default=Level.CLEAR))


def _owns(actor: Actor, collection: Collection) -> bool:
    """Whether the actor uses the collection as one of its owner's people."""
    of_agency = actor.agency is not None and actor.agency.pk == collection.agency_id
    return actor.is_operator or (of_agency and not collection.is_restricted)
