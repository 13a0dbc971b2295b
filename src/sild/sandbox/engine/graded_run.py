"""The part of a run in which a model grades its replies: canaries, people's grades, every reply, kept as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field

from sild.sandbox.engine import grading
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.forms import Form
from sild.sandbox.engine.grading import Grader, Task
from sild.sandbox.engine.prompts import as_text
from sild.sandbox.engine.scorers import member

if TYPE_CHECKING:
    from collections.abc import Callable

    from sild.sandbox.engine.grader_endpoint import Endpoint
    from sild.sandbox.engine.journal import Journal
    from sild.sandbox.engine.result import Result
    from sild.sandbox.engine.suite import Suite

Count = Annotated[int, Field(ge=0)]
Short = Annotated[str, Field(max_length=300)]


class _Part(Form):
    """Base of these forms: numbers that came through JSON are taken as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Agreement(_Part):
    """Agreement of the grader with people."""

    kappa: float | int
    low: float | int
    high: float | int
    n: Count
    method: Short


class Canaries(_Part):
    """Known bad replies that give orders to the grader, and how many got no better grade than silence."""

    n: Count
    held: Count


class Part(_Part):
    """What a report says of its grader; a figure is proved when `unproved` is empty."""

    model: Short
    rubric_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    grades: dict[Short, float | int]
    counts: dict[Short, Count]
    unreadable: Count
    suspected: Count
    lowered: Count
    canaries: Canaries
    agreement: Agreement | None
    unproved: list[Literal["no-people", "few-people", "low-agreement", "obeys-replies"]]


def agree(part: Part) -> None:
    """Refuse a part that says “proved” otherwise than its figures.

    Raises:
        ValueError: it does.
    """
    agreement = part.agreement.model_dump() if part.agreement else None
    if list(part.unproved) != grading.unproved(agreement, part.canaries.model_dump()):
        raise ValueError("the report says of its grader otherwise than agreement and canaries do")


def require(suite: Suite, endpoint: Endpoint | None) -> None:
    """Refuse a graded suite where there is no endpoint, before anything runs.

    Raises:
        SandboxError: saying which setting is missing.
    """
    if suite.form.grader and endpoint is None:
        raise SandboxError("This suite is graded by a model. Set SILD_GRADER_ENDPOINT, and SILD_GRADER_KEY if needed.")


def grade(suite: Suite, endpoint: Endpoint, journal: Journal, turn: Callable[[], None]) -> dict[str, Any]:
    """Grade and score all results that have an answer.

    Args:
        suite: with a grader.
        endpoint: that answers for the grader's model.
        journal: of the run; those without an answer keep a score of 0, grades are kept in it one by one.
        turn: called after each grade; what it raises ends the grading.

    Returns:
        The report's part.

    Raises:
        GraderError: some could not be graded; they are no wrong answers, so there is no report.
    """
    assert suite.form.grader is not None  # the caller has asked `require`
    grader = Grader(suite.form.grader, endpoint)
    tasks = (
        Task((one.position, one.repeat), suite.question(one.position), suite.samples[one.position].target, text)
        for one in journal.ungraded()
        if (text := _said(suite, one)) is not None
    )
    grader.all(tasks, journal.grade, turn)
    canaries = grader.canaries(suite.question(suite.chosen[0]))
    agreement = _agreement(suite, grader, turn)
    worth = suite.form.grader.grades
    journal.score(worth)
    return {
        "model": endpoint.model,
        "rubric_digest": grading.rubric_digest(suite.form.grader),
        "grades": dict(worth),
        "counts": dict(endpoint.counts),
        "unreadable": grader.unreadable,
        "suspected": grader.suspected,
        "lowered": grader.lowered,
        "canaries": canaries,
        "agreement": agreement,
        "unproved": grading.unproved(agreement, canaries),
    }


def _agreement(suite: Suite, grader: Grader, turn: Callable[[], None]) -> dict[str, Any] | None:
    """Grade what people graded, and compare."""
    people = suite.people
    if not people:
        return None
    given: dict[Any, str] = {}
    tasks = [Task(place, one.input, one.reference, one.output) for place, one in enumerate(people)]
    grader.all(tasks, given.__setitem__, turn)
    return grading.kappa([(given[place], one.grade) for place, one in enumerate(people)], suite.form.seed)


def _said(suite: Suite, result: Result) -> str | None:
    """The reply as text."""
    return as_text(member(result.output, suite.form.scorer.field))  # type: ignore[arg-type]  # it came as JSON
