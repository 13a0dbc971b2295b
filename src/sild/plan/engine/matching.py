"""Whether a record's body has what a rule asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sild.plan.engine.memorandum import ANY_PARTY, EACH_PARTY, AtLeast, Condition


def matches(condition: Condition, *, kind: str, body: Mapping[str, Any], party: str) -> bool:
    """Tell whether a record may count for a condition.

    Args:
        condition: the rule, or a milestone's condition.
        kind: of the record.
        body: of the record.
        party: code of the party whose node issued it.
    """
    if kind != condition.kind:
        return False
    if condition.issuer not in {ANY_PARTY, EACH_PARTY, party}:
        return False
    return all(_holds(_member(body, path), wanted) for path, wanted in condition.where.items())


def _member(body: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None when there is none."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _holds(value: Any, wanted: object) -> bool:
    """Compare without letting `true` pass for 1, which Python would."""
    if isinstance(wanted, AtLeast):
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= wanted.min
    return value == wanted and isinstance(value, bool) is isinstance(wanted, bool)
