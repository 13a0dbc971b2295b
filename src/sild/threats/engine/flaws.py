"""What validation says: errors, for which an object is refused, and warnings, with which it is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with an object.

    Attributes:
        where: the property, as in `external_references[0].url`; empty for the object itself.
        what: a sentence's predicate, as in “is no timestamp”.
        is_error: a MUST of the specification; otherwise a SHOULD or an open vocabulary.
    """

    where: str
    what: str
    is_error: bool = True

    def under(self, step: str) -> Flaw:
        """The same flaw seen from the object around."""
        joint = "" if not self.where or self.where.startswith("[") else "."
        return replace(self, where=f"{step}{joint}{self.where}")

    def __str__(self) -> str:
        return f"{self.where or 'the object'} {self.what}"


# None when there is nothing to say, which is the usual case and has to cost nothing.
Flaws = list[Flaw] | None
Check = Callable[[Any], Flaws]


def wrong(what: str, where: str = "") -> list[Flaw]:
    """One error."""
    return [Flaw(where, what)]
