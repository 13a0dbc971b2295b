"""The five records of a re-run: what each says, and what can be checked of it by itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from sild.sandbox.engine import draw
from sild.sandbox.engine.report import Part

MOST = 10_000
STATEMENT = (
    "A countersignature says that a random choice of the report's samples was run again by another party and came out "
    "as stated here. It is no EU declaration of conformity under Article 47 of Regulation (EU) 2024/1689 (AI Act)."
)
METHOD = "samples drawn by a seed from both sides' random bytes; scores, errors and shown outputs compared one by one"
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, Field(max_length=1000)]
Leaf = Annotated[str, Field(max_length=20_000)]
Index = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=MOST)]


class Named(Part):
    """A record, by id and hash."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    hash: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class RequestBody(Part):
    """Body of `sandbox.rerun.request`: whoever checks commits to a secret."""

    report: Named
    commitment: Hex
    samples: Count
    attempt: Annotated[int, Field(ge=1)]


class AnswerBody(Part):
    """Body of `sandbox.rerun.answer`: whoever is checked adds random bytes of its own."""

    report: Named
    request: Named
    random: Hex


class Tested(Part):
    """A sample that was run again: the leaf of our own results."""

    index: Index
    leaf: Leaf


class Isolation(Part):
    """What the samples were run in."""

    level: Literal["L0", "L1", "L2", "L3"]
    backend: Line


class OutcomeBody(Part):
    """Body of `sandbox.rerun.outcome`: the secret, the draw, and what came of it before the original was shown."""

    report: Named
    request: Named
    answer: Named
    random: Hex
    secret: Hex
    seed: Hex
    leaves: Annotated[int, Field(ge=1)]
    isolation: Isolation
    started: Line
    ended: Line
    sild: Line
    samples: Annotated[list[Tested], Field(min_length=1, max_length=MOST)]

    @model_validator(mode="after")
    def _as_drawn(self) -> Self:
        """Ask for the seed that follows from the rest, and for exactly the samples that it draws."""
        if self.seed != draw.seed(self.report.hash, self.request.hash, self.secret, self.random):
            raise ValueError("the seed is not the one that follows from the records")
        if [one.index for one in self.samples] != draw.draw(self.seed, self.leaves, len(self.samples)):
            raise ValueError("the samples are not those that the seed draws")
        return self


class ShownBody(Part):
    """Body of `sandbox.rerun.shown`: the original results of the drawn samples, each with its proof."""

    report: Named
    outcome: Named
    samples: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]


class DifferencePart(Part):
    """A sample that did not come out the same."""

    index: Index
    sample: Line
    theirs: float | int
    ours: float | int
    what: Literal["score", "output", "error", "proof"]


class VerdictBody(Part):
    """Body of `sandbox.rerun.verdict`: a person's word, with the differences."""

    report: Named
    outcome: Named
    shown: Named | None
    verdict: Literal["countersigned", "disputed"]
    samples: Count
    equal: Annotated[int, Field(ge=0)]
    differences: Annotated[list[DifferencePart], Field(max_length=MOST)]
    comment: Annotated[str, Field(max_length=5000)]
    method: Literal[METHOD]  # type: ignore[valid-type]  # constants, so that nobody leaves them out
    statement: Literal[STATEMENT]  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Ask that the verdict does not contradict its differences."""
        if self.equal + len(self.differences) != self.samples:
            raise ValueError("equal and differing samples are not all samples")
        if self.verdict == "countersigned":
            if self.shown is None or any(one.what == "proof" for one in self.differences):
                raise ValueError("what was not shown, or not proved, is not countersigned")
            if self.differences and not self.comment:
                raise ValueError("whoever countersigns in spite of differences says why")
        return self
