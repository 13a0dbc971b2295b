"""Finding solutions, suites and runs by what people type: a name, a name with its version, a digest, an id."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, TypeVar

from django.db.models import Q
from django.utils.translation import gettext as _

from sild.people.enums import Right
from sild.sandbox.errors import NotFoundError
from sild.sandbox.models import Described, Run, SharedQuerySet, Solution, Suite

if TYPE_CHECKING:
    from sild.people.actor import Actor

D = TypeVar("D", bound=Described)
_DIGEST_CHARACTERS = 8  # enough to name one of the few that a node has


def solution(actor: Actor, words: str) -> Solution:
    """The newest solution of that name, or the one of that version, digest, record or id.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    actor.require(Right.VIEW)
    found: Solution | None = _newest(Solution.objects.visible_to(actor), words, "record_id")
    if found is None:
        raise NotFoundError(_("There is no solution “%(words)s” here. See: sild sandbox solutions") % {"words": words})
    return found


def suite(actor: Actor, words: str) -> Suite:
    """The newest suite of that name, or the one of that version, digest or id.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    actor.require(Right.VIEW)
    found: Suite | None = _newest(Suite.objects.visible_to(actor), words)
    if found is None:
        raise NotFoundError(_("There is no suite “%(words)s” here. See: sild sandbox suites") % {"words": words})
    return found


def run(actor: Actor, run_id: str) -> Run:
    """The run of that id.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    actor.require(Right.VIEW)
    pk = _uuid(run_id)
    found = actor.visible(Run.objects.select_related("solution", "suite")).filter(pk=pk).first() if pk else None
    if found is None:
        raise NotFoundError(_("There is no run “%(id)s” here. See: sild sandbox runs") % {"id": run_id})
    return found


def _newest(queryset: SharedQuerySet[D], words: str, *more_ids: str) -> D | None:
    """The newest row that the words name."""
    name, at, version = words.partition("@")
    named = Q(name=name, version=version) if at else Q(name=name)
    digest = words.removeprefix("sha256:")
    if len(digest) >= _DIGEST_CHARACTERS:
        named |= Q(digest__startswith=f"sha256:{digest}")
    if pk := _uuid(words):
        for field in ("pk", *more_ids):
            named |= Q(**{field: pk})
    return queryset.filter(named).order_by("-created").first()


def _uuid(words: str) -> uuid.UUID | None:
    """The id, if the words are one."""
    try:
        return uuid.UUID(words)
    except ValueError:
        return None
