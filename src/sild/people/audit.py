"""Writing the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sild.people.models import AuditEntry

if TYPE_CHECKING:
    from sild.people.actor import Actor


def note(actor: Actor, action: str, target: object = "", **details: Any) -> AuditEntry:
    """Write one line of the trail, in the caller's transaction, so that the deed and its trace stand or fall together.

    Args:
        actor: who does it.
        action: a verb with its module, such as `exchange.publish`.
        target: the thing; its `str` is kept, 200 characters at most.
        details: JSON-able facts worth keeping, never a secret.
    """
    return AuditEntry.objects.create(
        who=actor.who,
        person=actor.person,
        agency=actor.agency,
        via=actor.via,
        action=action,
        target=str(target)[:200],
        details=details,
    )
