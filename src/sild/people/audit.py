"""Writing the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sild.people.inserting import insert
from sild.people.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.people.actor import Actor


def note_all(actor: Actor, action: str, deeds: Sequence[tuple[object, dict[str, Any]]]) -> None:
    """Write one line for each of many things that were done at once; see `note`.

    Args:
        actor: who does it.
        action: a verb with its module.
        deeds: each thing with its details.
    """
    insert([_line(actor, action, target, details) for target, details in deeds])


def note(actor: Actor, action: str, target: object = "", **details: Any) -> AuditEntry:
    """Write one line of the trail, in the caller's transaction, so that the deed and its trace stand or fall together.

    Args:
        actor: who does it.
        action: a verb with its module, such as `exchange.publish`.
        target: the thing; its `str` is kept, 200 characters at most.
        details: JSON-able facts worth keeping, never a secret.
    """
    line = _line(actor, action, target, details)
    line.save()
    return line


def _line(actor: Actor, action: str, target: object, details: dict[str, Any]) -> AuditEntry:
    """A line of the trail, not yet saved."""
    return AuditEntry(
        who=actor.who,
        person=actor.person,
        agency=actor.agency,
        via=actor.via,
        action=action,
        target=str(target)[:200],
        details=details,
    )
