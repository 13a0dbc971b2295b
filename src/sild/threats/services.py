"""What people do with collections: set them up, share them, raise markings, take objects out, follow feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from sild.people import audit
from sild.people.enums import Right
from sild.threats import levels, store
from sild.threats.access import access
from sild.threats.enums import Level
from sild.threats.errors import CollectionError
from sild.threats.models import Collection, Grant, Member

if TYPE_CHECKING:
    from sild.people.actor import Actor
    from sild.people.models import Agency, ApiToken, Person


@transaction.atomic
def create_collection(
    actor: Actor,
    title: str,
    *,
    agency: Agency | None = None,
    description: str = "",
    alias: str = "",
    unmarked_as: Level = Level.AMBER,
    is_restricted: bool = False,
) -> Collection:
    """Set up an empty collection of the actor's agency; the operator names one.

    Raises:
        NotAllowedError: the actor may not edit.
        CollectionError: there is no title or agency, or the alias is taken.
    """
    actor.require(Right.EDIT)
    agency = agency if actor.is_operator else actor.agency
    if agency is None or not title.strip():
        raise CollectionError(_("A collection has a title and belongs to an agency: name both."))
    if alias and Collection.objects.filter(agency=agency, alias=alias).exists():
        raise CollectionError(_("The alias “%(alias)s” is taken. Choose another one.") % {"alias": alias})
    made = Collection.objects.create(
        agency=agency,
        title=title.strip(),
        description=description,
        alias=alias,
        unmarked_as=unmarked_as,
        is_restricted=is_restricted,
    )
    audit.note(actor, "threats.create-collection", made.pk, title=made.title)
    return made


@transaction.atomic
def give_grant(
    actor: Actor,
    collection: Collection,
    *,
    agency: Agency | None = None,
    person: Person | None = None,
    token: ApiToken | None = None,
    may_read: bool = True,
    may_write: bool = False,
    ceiling: Level = Level.GREEN,
) -> Grant:
    """Let one agency, person or token into a collection; what they had there before is replaced.

    Raises:
        NotAllowedError: the actor does not administer.
        NotFoundError: the collection is not the actor's to use.
        CollectionError: not exactly one of agency, person and token is named.
    """
    actor.require(Right.ADMINISTER)
    access(actor, collection.pk).require_write()
    if sum(named is not None for named in (agency, person, token)) != 1:
        raise CollectionError(_("A grant names exactly one of agency, person and token."))
    grant, _created = Grant.objects.update_or_create(
        collection=collection,
        agency=agency,
        person=person,
        token=token,
        defaults={"may_read": may_read, "may_write": may_write, "ceiling": ceiling},
    )
    audit.note(
        actor,
        "threats.give-grant",
        collection.pk,
        to=str(agency or person or token),
        read=may_read,
        write=may_write,
        ceiling=Level(ceiling).tlp,
    )
    return grant


@transaction.atomic
def remove_grant(actor: Actor, grant: Grant) -> None:
    """Take a grant away; from then on it gives nothing.

    Raises:
        NotAllowedError: the actor does not administer.
        NotFoundError: the collection is not the actor's to use.
    """
    actor.require(Right.ADMINISTER)
    access(actor, grant.collection_id).require_write()
    audit.note(actor, "threats.remove-grant", grant.collection_id, of=str(grant.agency or grant.person or grant.token))
    grant.delete()


@transaction.atomic
def restrict(actor: Actor, collection: Collection, stix_id: str, level: Level) -> None:
    """Let nobody below a level see an object in a collection, whatever it is marked with; a later call replaces it.

    Raises:
        NotFoundError: the actor may not use the collection.
        RefusedError: the actor may not write it.
    """
    found = access(actor, collection.pk).require_write().collection
    sequencer = store.lock()
    members = Member.objects.filter(collection=found, object__stix_id=stix_id)
    members.update(floor=level)
    levels.settle(found, set(members.values_list("object_id", flat=True)), sequencer)
    sequencer.save()
    audit.note(actor, "threats.restrict", stix_id, collection=str(found.pk), level=Level(level).tlp)


@transaction.atomic
def count_unmarked_as(actor: Actor, collection: Collection, level: Level) -> None:
    """Change what objects without any TLP marking count as in a collection.

    Raises:
        NotAllowedError: the actor does not administer.
        NotFoundError: the collection is not the actor's to use.
    """
    actor.require(Right.ADMINISTER)
    found = access(actor, collection.pk).require_write().collection
    sequencer = store.lock()
    found.unmarked_as = level
    found.save(update_fields=["unmarked_as"])
    unmarked = Member.objects.filter(collection=found, marking=None).values_list("object_id", flat=True)
    levels.settle(found, set(unmarked), sequencer)
    sequencer.save()
    audit.note(actor, "threats.unmarked-as", found.pk, level=Level(level).tlp)
