"""What people and administrators do: found agencies, add people, give roles, issue and revoke tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from sild.people import audit, limits
from sild.people.actor import Actor
from sild.people.enums import Right, Role
from sild.people.errors import AlreadyExistsError, NotAllowedError, NotFoundError
from sild.people.models import Agency, ApiToken, Membership, Person

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKEN_PREFIX = "sild_"  # noqa: S105 -- lets scanners recognise a leaked token
TOKEN_DAYS = 90


@transaction.atomic
def create_agency(actor: Actor, name: str, slug: str = "") -> Agency:
    """Found an agency on this node.

    Raises:
        NotAllowedError: the actor does not administer the node.
        AlreadyExistsError: the short name is taken.
    """
    actor.require(Right.ADMINISTER)
    slug = slug or slugify(name)
    if Agency.objects.filter(slug=slug).exists():
        raise AlreadyExistsError(_("The agency “%(slug)s” exists already. Choose another short name.") % {"slug": slug})
    agency = Agency.objects.create(name=name, slug=slug)
    audit.note(actor, "people.create-agency", agency.slug)
    return agency


@transaction.atomic
def create_person(actor: Actor, username: str, *, email: str = "", password: str | None = None) -> Person:
    """Add somebody who can sign in; without a password only the identity provider or a passkey lets them in.

    Raises:
        NotAllowedError: the actor does not administer.
        AlreadyExistsError: the user name is taken.
    """
    actor.require(Right.ADMINISTER)
    if Person.objects.filter(username=username).exists():
        raise AlreadyExistsError(_("The user name “%(name)s” is taken. Choose another one.") % {"name": username})
    person = Person.objects.create_user(username, email=email, password=password)
    audit.note(actor, "people.create-person", username)
    return person


@transaction.atomic
def give_role(actor: Actor, person: Person, agency: Agency, role: Role) -> Membership:
    """Give a person a role in an agency, replacing the one that they had there.

    Raises:
        NotAllowedError: the actor administers neither that agency nor the node.
    """
    actor.require(Right.ADMINISTER)
    _require_own(actor, agency)
    membership, _created = Membership.objects.update_or_create(person=person, agency=agency, defaults={"role": role})
    audit.note(actor, "people.give-role", person.username, agency=agency.slug, role=role.value)
    return membership


@transaction.atomic
def issue_token(
    actor: Actor,
    name: str,
    role: Role,
    *,
    agency: Agency | None = None,
    scopes: Sequence[str] = (),
    per_minute: int | None = None,
) -> tuple[ApiToken, str]:
    """Issue a token for a machine and return it with its secret, which is shown this once and kept only as a hash.

    Raises:
        NotAllowedError: the token would carry more rights than the actor has, or no agency is named.
        ScopeError: a scope has another form than `module:read` or `module:write`.
    """
    limits.check_scopes(scopes)
    agency = agency or actor.agency
    if agency is None or not (actor.is_operator or actor.agency == agency):
        raise NotAllowedError(_("A token acts for one agency: name one that you act for."))
    if actor.role is None or role.rank > actor.role.rank:
        raise NotAllowedError(_("A token cannot carry more rights than the one who issues it."))
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        name=name,
        agency=agency,
        issued_by=actor.person,
        role=role,
        digest=_digest(secret),
        scopes=sorted(set(scopes)),
        per_minute=per_minute,
        expires=timezone.now() + timedelta(days=TOKEN_DAYS),
    )
    audit.note(actor, "people.issue-token", token.name, role=role.value, token=str(token.pk), scopes=token.scopes)
    return token, secret


@transaction.atomic
def revoke_token(actor: Actor, token_id: str) -> ApiToken:
    """End a token at once.

    Raises:
        NotFoundError: no such token in the actor's agency.
    """
    token = actor.visible(ApiToken.objects.all()).filter(pk=token_id).first()
    if token is None:
        raise NotFoundError(_("There is no such token in your agency."))
    token.revoked = timezone.now()
    token.save(update_fields=["revoked"])
    audit.note(actor, "people.revoke-token", token.name, token=str(token.pk))
    return token


@transaction.atomic
def act_for(person: Person, slug: str) -> Agency:
    """Choose the agency that the person acts for from now on.

    Raises:
        NotFoundError: the person holds no role there.
    """
    membership = person.memberships.select_related("agency").filter(agency__slug=slug).first()
    if membership is None:
        raise NotFoundError(_("You hold no role in the agency “%(slug)s”.") % {"slug": slug})
    person.acts_for = membership.agency
    person.save(update_fields=["acts_for"])
    audit.note(Actor.of(person), "people.act-for", slug)
    return membership.agency


@transaction.atomic
def remove_role(actor: Actor, membership: Membership) -> None:
    """Take a person's role in an agency away; from then on they see and do nothing there.

    Raises:
        NotAllowedError: the actor administers neither that agency nor the node.
    """
    actor.require(Right.ADMINISTER)
    _require_own(actor, membership.agency)
    membership.delete()
    audit.note(actor, "people.remove-role", membership.person.username, agency=membership.agency.slug)


@transaction.atomic
def speak(person: Person, language: str) -> None:
    """Remember in which language the person reads the pages."""
    person.language = language
    person.save(update_fields=["language"])


@transaction.atomic
def add_with_role(
    actor: Actor, username: str, *, agency_slug: str, role: str, email: str = "", password: str | None = None
) -> Person:
    """Add somebody and give them a role in one go.

    Raises:
        NotFoundError: no such agency or role.
        AlreadyExistsError: the user name is taken.
    """
    agency, wanted = agency_named(agency_slug), role_named(role)
    person = create_person(actor, username, email=email, password=password)
    give_role(actor, person, agency, wanted)
    return person


def agency_named(slug: str) -> Agency:
    """The agency of that short name.

    Raises:
        NotFoundError: there is none.
    """
    agency = Agency.objects.filter(slug=slug).first()
    if agency is None:
        raise NotFoundError(_("There is no agency “%(slug)s” on this node.") % {"slug": slug})
    return agency


def role_named(name: str) -> Role:
    """The role of that name.

    Raises:
        NotFoundError: there is none.
    """
    if name not in Role.values:
        raise NotFoundError(
            _("“%(name)s” is no role. Choose one of %(known)s.") % {"name": name, "known": ", ".join(Role.values)}
        )
    return Role(name)


def actor_of_token(secret: str) -> Actor | None:
    """Find who acts with this token; None when it is unknown, expired or revoked."""
    token = (
        ApiToken.objects.select_related("agency")
        .filter(digest=_digest(secret), revoked=None, expires__gt=timezone.now())
        .first()
    )
    if token is None:
        return None
    return Actor(
        who=f"token {token.name}",
        role=Role(token.role),
        agency=token.agency,
        via="api",
        token_id=token.pk,
        scopes=frozenset(token.scopes),
        per_minute=token.per_minute,
    )


def _require_own(actor: Actor, agency: Agency) -> None:
    """Pass if the actor administers this agency or the whole node."""
    if not actor.is_operator and actor.agency != agency:
        raise NotAllowedError(
            _("%(who)s administers another agency, not %(agency)s.") % {"who": actor.who, "agency": agency}
        )


def _digest(secret: str) -> str:
    """SHA-256 in hex; enough for a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
