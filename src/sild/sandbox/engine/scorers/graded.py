"""Replies that a model grades: the grade comes after the answers, from the suite's grader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sild.sandbox.engine.scorers.base import Metric, as_text, mean

if TYPE_CHECKING:
    from collections.abc import Sequence


class Graded:
    """What a grader made of a reply, from 0 to 1; a reply that has not been graded yet counts 0 meanwhile."""

    name = "graded"
    metrics: tuple[str, ...] = ("graded",)
    per_sample = "what the grader's grade is worth, from 0 to 1"

    def read(self, value: object) -> str:
        """A text."""
        return as_text(value)

    def read_target(self, value: object) -> None:
        """Any: the grader sees it as the reference."""

    def score(self, output: str | float | None, target: None) -> float:
        """The grade's worth, once there is one."""
        return output if isinstance(output, float) else 0.0

    def measure(self, pairs: Sequence[tuple[str | float | None, None]], seed: int, repeats: int = 1) -> list[Metric]:
        """The mean."""
        return [mean("graded", (self.score(*pair) for pair in pairs), seed, repeats)]
