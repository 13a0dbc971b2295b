"""Whether the web process lives, and whether the node can do its work; for supervisors and load balancers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.views.decorators.http import require_GET

from sild.exchange import own, watchdog
from sild.trust.errors import TrustError

if TYPE_CHECKING:
    from django.http import HttpRequest


@login_not_required
@require_GET
def live(_request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; says nothing about the rest."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_GET
def ready(_request: HttpRequest) -> JsonResponse:
    """200 when database, tables and keys are there and all parts work; 503 with what is not, giving nothing away."""
    checks = {"database": _database(), "keys": _keys()}
    if checks["database"] == "ok":
        checks |= {part: watchdog.state(part) for part in watchdog.PARTS}
    bad = any(value != "ok" for value in checks.values())
    # A partner that is down is no reason to send nobody here any more; which one it is stands on the pages.
    silent = {"silent_partners": len(watchdog.silent_partners())} if checks["database"] == "ok" else {}
    return JsonResponse({"status": "not ready" if bad else "ok", **checks, **silent}, status=503 if bad else 200)


def _database() -> str:
    """The database answers and no migration waits."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "does not answer"
    return "migrations wait" if waiting else "ok"


def _keys() -> str:
    """The node can read its keys."""
    try:
        own.node_keys()
    except (TrustError, OSError):
        return "cannot be read"
    return "ok"
