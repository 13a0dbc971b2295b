"""What a program tried, counted: addresses, names, files that are not its own, programs and processes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from sild.sandbox.engine.faults import harmless

EXAMPLES = 10
_DISTINCT_AT_MOST = 10_000
_TALLIES = ("addresses", "names", "files", "programs")
METHOD = (
    "calls about which the kernel asked the node (seccomp user notification): addresses connected or sent to, "
    "names asked of a name server, files opened outside its own folders and the system's programs, programs started, "
    "processes made; bytes written as seen looking ten times a second"
)


@dataclass(slots=True)
class Tally:
    """Different things and how often each was tried; beyond a bound only the attempts are counted."""

    attempts: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def add(self, what: str) -> None:
        """Count an attempt."""
        self.attempts += 1
        if what in self.seen or len(self.seen) < _DISTINCT_AT_MOST:
            self.seen[what] = self.seen.get(what, 0) + 1

    def merge(self, attempts: int, seen: dict[str, int]) -> None:
        """Count what another tally did, as `Tried.taken` has it."""
        for told, times in seen.items():
            what = os.fsdecode(told.encode("latin-1"))
            if what in self.seen or len(self.seen) < _DISTINCT_AT_MOST:
                self.seen[what] = self.seen.get(what, 0) + times
        self.attempts += attempts

    def as_dict(self) -> dict[str, Any]:
        """How many different ones, how many attempts, and the most frequent ones."""
        often = sorted(self.seen, key=lambda what: (-self.seen[what], what))[:EXAMPLES]
        return {
            "different": len(self.seen),
            "attempts": self.attempts,
            "examples": [{"what": harmless(what), "attempts": self.seen[what]} for what in often],
        }


@dataclass(slots=True)
class Tried:
    """Everything that is counted.

    Attributes:
        addresses: internet addresses with port that it connected or sent to; all of them were refused.
        names: names that it asked a name server for; none was told.
        files: paths outside its own folders and the system's programs that it tried to open.
        programs: programs that it tried to start.
        processes: processes that it tried to make; threads are none.
    """

    addresses: Tally = field(default_factory=Tally)
    names: Tally = field(default_factory=Tally)
    files: Tally = field(default_factory=Tally)
    programs: Tally = field(default_factory=Tally)
    processes: int = 0

    def taken(self) -> dict[str, Any]:
        """What was counted, whole and fit for JSON, for `add` elsewhere; counting begins again."""
        counted: dict[str, Any] = {"processes": self.processes}
        self.processes = 0
        for name in _TALLIES:
            tally: Tally = getattr(self, name)
            setattr(self, name, Tally())
            counted[name] = {
                "attempts": tally.attempts,
                # A path need not be UTF-8, but JSON has to be.
                "seen": {os.fsencode(what).decode("latin-1"): times for what, times in dict(tally.seen).items()},
            }
        return counted

    def add(self, counted: dict[str, Any]) -> None:
        """Add what `taken` gave, of another process of the same program."""
        for name in _TALLIES:
            getattr(self, name).merge(**counted[name])
        self.processes += counted["processes"]

    def as_dict(self, written_bytes: int) -> dict[str, Any]:
        """As the report has it.

        Args:
            written_bytes: what all its processes wrote together.
        """
        tallies = {name: getattr(self, name).as_dict() for name in _TALLIES}
        return {**tallies, "processes": self.processes, "written_bytes": written_bytes, "method": METHOD}
