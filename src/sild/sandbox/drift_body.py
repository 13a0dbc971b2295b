"""The record of a watch: how far a solution in use has drifted from the run on which it was adopted."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sild.sandbox.engine import drift
from sild.sandbox.engine.report import Part
from sild.sandbox.rerun_bodies import Line, Named  # noqa: TC001 -- pydantic reads annotations when it runs

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Versioned(Part):
    """A solution or a suite."""

    name: Line
    version: Line
    digest: Digest


class DriftBody(Part):
    """Body of `sandbox.drift`."""

    solution: Versioned
    suite: Versioned
    # The published report of the run on which it was adopted, if it was published.
    report: Named | None
    baseline_run: Line
    run: Line
    tested: Line
    bound: Annotated[float | int, Field(ge=0, le=1)]
    baseline: float | int
    measured: float | int
    drop: float | int
    low: float | int
    high: float | int
    p_value: float | int
    samples: Annotated[int, Field(ge=1)]
    differing: Annotated[list[Line], Field(max_length=100)]
    state: Literal["steady", "unclear", "drifted"]
    method: Literal[drift.METHOD]  # type: ignore[valid-type]  # a constant, so that nobody leaves it out

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Ask for the state that follows from interval and bound."""
        if self.state != drift.state_of(self.low, self.high, self.bound):
            raise ValueError("the state does not follow from the interval and the bound")
        return self
