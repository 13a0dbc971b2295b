"""Who is acting, for which agency and by which way: what every service is told first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import rules
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from sild.people.enums import Right, Role
from sild.people.errors import NotAllowedError

if TYPE_CHECKING:
    from uuid import UUID

    from sild.people.models import Agency, Person


M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or something, that acts.

    Attributes:
        who: name for the audit trail.
        role: the role held in `agency`; decides which rights there are.
        agency: for whom; None only for the node's operator, who acts for the node as a whole.
        person: the signed-in person; None for the command line, a token or a job.
        via: "page", "api", "cli" or "job".
        token_id: the API token that acts; None for everybody else.
        scopes: what the token may be used for; empty for everything that its role may do.
        per_minute: how many calls the token may make in a minute; None for as many as it likes.
    """

    who: str
    role: Role | None
    agency: Agency | None = None
    person: Person | None = None
    via: str = "page"
    token_id: UUID | None = None
    scopes: frozenset[str] = frozenset()
    per_minute: int | None = None

    @classmethod
    def operator(cls, via: str = "cli") -> Actor:
        """Whoever may read the node's keys: the command line and the node's own jobs."""
        return cls(who=f"operator ({via})", role=Role.ADMINISTRATOR, via=via)

    @classmethod
    def of(cls, person: Person, agency: Agency | None = None, via: str = "page") -> Actor:
        """The person acting for `agency`, or for the agency that they chose last, or for their first one."""
        memberships = person.memberships.select_related("agency").order_by("agency__name")
        wanted = agency or person.acts_for
        membership = memberships.filter(agency=wanted).first() if wanted else None
        if membership is None and agency is None:
            membership = memberships.first()
        if membership is None:
            role = Role.ADMINISTRATOR if person.is_superuser else None
            return cls(who=person.username, role=role, agency=wanted if role else None, person=person, via=via)
        role = Role(membership.role)
        return cls(who=person.username, role=role, agency=membership.agency, person=person, via=via)

    @property
    def is_operator(self) -> bool:
        """True for the node's operator, who sees all agencies' things."""
        return self.agency is None and self.role is Role.ADMINISTRATOR

    def covers(self, scope: str) -> bool:
        """Tell whether this actor may be used for a scope, as in `threats:read`; only tokens are narrowed so."""
        return not self.scopes or scope in self.scopes

    def may(self, right: Right) -> bool:
        """Tell whether this actor has the right."""
        return bool(rules.has_perm(right.value, self))

    def require(self, right: Right) -> None:
        """Pass if this actor has the right.

        Raises:
            NotAllowedError: naming the right that is missing and for which agency.
        """
        if not self.may(right):
            agency = self.agency.name if self.agency else _("no agency")
            raise NotAllowedError(
                _("%(who)s, acting for %(agency)s, lacks the right to %(right)s. Ask an administrator for it.")
                % {"who": self.who, "agency": agency, "right": right.label}
            )

    def visible(self, queryset: QuerySet[M]) -> QuerySet[M]:
        """Keep what this actor may see of a table whose rows have an `agency`; the operator sees all."""
        if self.is_operator:
            return queryset
        if self.agency is None:
            return queryset.none()
        return queryset.filter(agency=self.agency)
