"""Faults of a run by name, counted, with a few examples of each; what a solution says is bounded and made harmless."""

from __future__ import annotations

from collections import Counter
from typing import Any

EXAMPLES = 3
EXAMPLE_CHARACTERS = 200

# Every fault by its stable code, in the words of the reference; docs/sandbox.md lists them.
CODES = {
    "not-json": "a line of output that is not JSON",
    "not-an-answer": "a line that is no object with an id and an output or an error",
    "unknown-id": "an answer to a question that was not asked, or not yet",
    "duplicate": "a second answer to the same question",
    "oversized-line": "a line over the limit, thrown away",
    "error-answer": "the solution answered that it could not",
    "wrong-shape": "an output that the scorer cannot read",
    "no-answer": "nothing came within the time for a sample",
    "unanswered": "samples that were left without an answer; each counts as wrong",
    "early-exit": "the solution ended before everything was answered",
    "does-not-end": "the solution went on after its input had ended",
    "wall-limit": "ended by the limit on time",
    "cpu-limit": "ended by the limit on processor time",
    "memory-limit": "ended by the limit on memory",
    "process-limit": "ended by the limit on processes",
    "scratch-limit": "ended by the limit on files in the scratch folder",
    "file-limit": "ended by the limit on the size of a file",
    "output-limit": "ended by the limit on output",
    "error-output-limit": "ended by the limit on error output",
    "throttled": "the endpoint asked to wait; it was asked again",
    "endpoint-failed": "the endpoint failed; it was asked again",
    "other-model": "another model answered than was asked for; it was asked again",
    "system-call": "ended for a system call that is not allowed",
}


class Faults:
    """A counter of named faults."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}

    def add(self, code: str, detail: str | bytes = "", count: int = 1) -> None:
        """Count a fault; `detail` is kept for the first few."""
        self._counts[code] += count
        kept = self._examples.setdefault(code, [])
        if detail and len(kept) < EXAMPLES:
            kept.append(harmless(detail))

    def __contains__(self, code: str) -> bool:
        return code in self._counts

    def as_list(self) -> list[dict[str, Any]]:
        """Code, count and examples, in the order of the codes."""
        return [
            {"code": code, "count": self._counts[code], "examples": self._examples[code]}
            for code in sorted(self._counts)
        ]


def harmless(said: str | bytes, characters: int = EXAMPLE_CHARACTERS) -> str:
    """Text that a solution chose: bounded, with control characters and broken code points replaced."""
    text = said[: characters * 4].decode(errors="replace") if isinstance(said, bytes) else said
    shown = "".join(
        character if character.isprintable() or character == " " else "�" for character in text[:characters]
    )
    return shown + ("…" if len(text) > characters else "")
