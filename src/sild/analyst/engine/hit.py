"""What a finder yields: a candidate in the refanged text."""

from __future__ import annotations

from typing import NamedTuple


class Hit(NamedTuple):
    """A candidate in the refanged text; `value` is in its kind's usual form, `scope` as `Indicator` has it."""

    kind: str
    start: int
    end: int
    value: str
    scope: str = ""
