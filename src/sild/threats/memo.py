"""Remembers who a token is and what it may do, for as long as the rows that this was decided from stay the same.

Deciding anew takes most of the time of a poll. Reading the rows and comparing them takes a tenth of that, and cannot be
stale: a token that was revoked, a role, a grant or a collection that changed is another row.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from sild.people import services as people
from sild.people.models import ApiToken
from sild.threats import store
from sild.threats.access import Access, access

if TYPE_CHECKING:
    from datetime import datetime

    from sild.people.actor import Actor

MOST = 2000
_CALLER = "SELECT t.*, a.* FROM people_apitoken t JOIN people_agency a ON a.id = t.agency_id WHERE t.id = %s"
_COLLECTION = """SELECT c.*, a.* FROM threats_collection c JOIN people_agency a ON a.id = c.agency_id WHERE c.id = %s"""
_GRANTS = "SELECT * FROM threats_grant WHERE collection_id = %s ORDER BY id"
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who a token is, and the rows that say so."""

    actor: Actor
    expires: datetime
    rows: Rows


_callers: OrderedDict[bytes, _Caller] = OrderedDict()
_accesses: OrderedDict[tuple[Any, str], tuple[Actor, Access, Rows]] = OrderedDict()


def caller(secret: str) -> Actor | None:
    """Who acts with this token; None when it is unknown, expired or revoked. See `people.services.actor_of_token`."""
    digest = hashlib.sha256(secret.encode()).digest()
    known = _callers.get(digest)
    if known is not None and known.expires > timezone.now() and _token_rows(known.actor.token_id) == known.rows:
        return known.actor
    # Rows first, decision second: what changes between the two makes the rows differ next time.
    token = ApiToken.objects.filter(digest=digest.hex()).values_list("pk", "expires").first()
    rows = _token_rows(token[0]) if token else []
    actor = people.actor_of_token(secret)
    if actor is None or token is None:
        _callers.pop(digest, None)
        return None
    _remember(_callers, digest, _Caller(actor, token[1], rows))
    return actor


def collection_access(actor: Actor, name: str) -> Access:
    """What a token may do in a collection; see `access.access`.

    Raises:
        NotFoundError: there is no such collection, or the token may not use it.
    """
    known = _accesses.get((actor.token_id, name))
    if known is not None and known[0] is actor and _access_rows(known[1]) == known[2]:
        return known[1]
    rows = _access_rows(access(actor, name))
    found = access(actor, name)
    _remember(_accesses, (actor.token_id, name), (actor, found, rows))
    return found


def _token_rows(token_id: Any) -> Rows:
    """The rows that say who a token is."""
    return store.execute(_CALLER, [store.key(token_id)])


def _access_rows(found: Access) -> Rows:
    """The rows that say what may be done in a collection."""
    key = [store.key(found.collection.pk)]
    return store.execute(_COLLECTION, key) + store.execute(_GRANTS, key)


def _remember(memory: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    """Keep the newest `MOST`."""
    memory[key] = value
    while len(memory) > MOST:
        memory.popitem(last=False)
