"""Which role carries which right, as predicates that can be tested one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules

from sild.people.enums import Right, Role

if TYPE_CHECKING:
    from sild.people.actor import Actor

LEAST_ROLE = {
    Right.VIEW: Role.VIEWER,
    Right.EDIT: Role.EDITOR,
    Right.PUBLISH: Role.PUBLISHER,
    Right.REDISTRIBUTE: Role.PUBLISHER,
    Right.ADMINISTER: Role.ADMINISTRATOR,
}


def at_least(role: Role) -> Any:
    """Make a predicate that holds for actors with this role or a higher one."""

    def holds(actor: Actor) -> bool:
        return actor.role is not None and actor.role.rank >= role.rank

    return rules.predicate(holds, name=f"at_least_{role.value}")


for _right, _role in LEAST_ROLE.items():
    rules.add_perm(_right.value, at_least(_role))
