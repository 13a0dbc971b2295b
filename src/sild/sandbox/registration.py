"""Registering thresholds before a run, and finding what was registered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from sild.exchange import services as exchange
from sild.people import audit
from sild.people.enums import Right
from sild.sandbox.agreements import Registration
from sild.sandbox.engine import registration as engine
from sild.sandbox.enums import RunState
from sild.sandbox.errors import StateError
from sild.sandbox.models import Run, Solution, Suite

if TYPE_CHECKING:
    from sild.exchange.gate import Audience
    from sild.people.actor import Actor

REGISTRATION = "sandbox.registration"


@transaction.atomic
def preregister(actor: Actor, solution: Solution, suite: Suite, *, audience: Audience, tlp: str) -> Registration:
    """Publish that a solution will be tested on a suite, with which thresholds; once, then it is the same one again.

    Raises:
        NotAllowedError: the actor may not edit or publish.
        StateError: the suite was added before its data had a digest.
        WithheldError: marking and audience contradict each other.
    """
    actor.require(Right.EDIT)
    made = Registration.objects.filter(solution=solution, suite=suite, agency=actor.agency).first()
    if made:
        return made
    record = exchange.publish(
        actor, kind=REGISTRATION, subject=str(solution), body=_body(solution, suite), tlp=tlp, audience=audience
    )
    registered = Registration.objects.create(
        agency=actor.agency, solution=solution, suite=suite, record_id=record.pk, record_hash=record.hash
    )
    audit.note(actor, "sandbox.preregister", registered, record=str(record.pk), thresholds=_thresholds(suite))
    return registered


def before(run: Run) -> dict[str, Any]:
    """What the report of a run says of registration; what was registered after the run was set up does not count."""
    earlier = Registration.objects.select_related("suite").filter(
        _same_data(run.suite, "suite__"), solution__digest=run.solution.digest, created__lte=run.created
    )
    exact = earlier.filter(suite__digest=run.suite.digest).order_by("created").first()
    found = exact or earlier.order_by("-created").first()
    told = _told(found, run) if found else dict.fromkeys(("record", "hash", "registered", "suite"), "")
    return {"state": "none", "thresholds_digest": "", **told, "attempts": attempts(run.solution, run.suite)}


def attempts(solution: Solution, suite: Suite) -> list[dict[str, Any]]:
    """All runs on this node of the solution's content on the suite's data or name, oldest first, of every agency."""
    runs = Run.objects.select_related("suite").filter(_same_data(suite, "suite__"), solution__digest=solution.digest)
    return [
        {
            "attempt": one.attempt,
            "suite": one.suite.digest,
            "thresholds_digest": _thresholds(one.suite),
            "started": _time(one.created),
            "state": one.state,
            "passed": one.passed if one.state == RunState.FINISHED else None,
        }
        for one in runs.order_by("created")[: engine.MOST_ATTEMPTS]
    ]


def _body(solution: Solution, suite: Suite) -> dict[str, Any]:
    """The record's body."""
    if not suite.description.get("data_sha256"):
        raise StateError(_("This suite has no digest of its data. Add its folder again."))
    return {
        "solution": {"name": solution.name, "version": solution.version, "digest": solution.digest},
        "suite": {
            "name": suite.name,
            "version": suite.version,
            "digest": suite.digest,
            "data_sha256": suite.description["data_sha256"],
            "thresholds_digest": _thresholds(suite),
            "samples": suite.samples,
        },
        "thresholds": suite.description["thresholds"],
        "earlier_attempts": len(attempts(solution, suite)),
    }


def _told(found: Registration, run: Run) -> dict[str, Any]:
    """A registration as reports name it."""
    thresholds = _thresholds(found.suite)
    return {
        "state": engine.state(run.suite.digest, _thresholds(run.suite), found.suite.digest, thresholds),
        "record": str(found.record_id),
        "hash": found.record_hash,
        "registered": _time(found.created),
        "suite": found.suite.digest,
        "thresholds_digest": thresholds,
    }


def _same_data(suite: Suite, prefix: str) -> Q:
    """Suites with the same data or the same name, so that a new version with other thresholds does not begin anew."""
    same = Q(**{f"{prefix}name": suite.name}) | Q(**{f"{prefix}digest": suite.digest})
    if data := suite.description.get("data_sha256"):
        same |= Q(**{f"{prefix}description__data_sha256": data})
    return same


def _thresholds(suite: Suite) -> str:
    """The digest of a suite's thresholds."""
    return str(suite.description["thresholds_digest"])


def _time(when: datetime) -> str:
    """RFC 3339 in UTC, as in reports."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
