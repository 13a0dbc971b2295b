"""What can be wrong with a memorandum's file: every problem in one pass, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One flaw in a file.

    Attributes:
        line, column: where, counted from 1 as editors do.
        sentence: what is wrong and what to write instead.
    """

    line: int
    column: int
    sentence: str


class MemorandumError(Exception):
    """A memorandum cannot be used.

    Attributes:
        file: name of the file.
        problems: all that is wrong with it, in the order of the file; empty when it could not be read at all.
    """

    code = "memorandum"

    def __init__(self, file: str, problems: Sequence[Problem] = (), *, sentence: str = "") -> None:
        self.file = file
        self.problems = tuple(sorted(problems))
        lines = [f"{file}:{problem.line}:{problem.column}: {problem.sentence}" for problem in self.problems]
        super().__init__(sentence or "\n".join(lines))
