"""The part of a run in which a model grades its replies: canaries, people's grades, every reply, kept as it goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from pydantic import ConfigDict, Field

from sild.sandbox.engine import grading
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.forms import Form
from sild.sandbox.engine.grading import Grader, Task
from sild.sandbox.engine.prompts import as_text
from sild.sandbox.engine.scorers import member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sild.sandbox.engine.grader_endpoint import Endpoint
    from sild.sandbox.engine.journal import Result
    from sild.sandbox.engine.suite import Suite

FILE = "grades.jsonl"
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


def grade(
    suite: Suite, endpoint: Endpoint, results: Sequence[Result], folder: Path, turn: Callable[[], None]
) -> tuple[list[Result], dict[str, Any]]:
    """Grade all results that have an answer.

    Args:
        suite: with a grader.
        endpoint: that answers for the grader's model.
        results: as the run kept them; those without an answer keep a score of 0.
        folder: of the run; grades are kept in it one by one, so that none is asked for twice.
        turn: called after each grade; what it raises ends the grading.

    Returns:
        The results with their scores, and the report's part.

    Raises:
        GraderError: some could not be graded; they are no wrong answers, so there is no report.
    """
    assert suite.form.grader is not None  # the caller has asked `require`
    grader = Grader(suite.form.grader, endpoint)
    kept = _kept(folder / FILE)
    with (folder / FILE).open("ab") as file:

        def keep(key: Any, given: str) -> None:
            kept[key] = given
            file.write(orjson.dumps([*key, given]) + b"\n")
            file.flush()

        tasks = [
            Task((one.position, one.repeat), suite.question(one.position), suite.samples[one.position].target, text)
            for one in results
            if not one.error and (text := _said(suite, one)) is not None and (one.position, one.repeat) not in kept
        ]
        grader.all(tasks, keep, turn)
        canaries = grader.canaries(suite.question(suite.chosen[0]))
        agreement = _agreement(suite, grader, turn)
    worth = suite.form.grader.grades
    scored = [one if one.error else replace(one, score=float(worth[kept[one.position, one.repeat]])) for one in results]
    return scored, {
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


def _kept(path: Path) -> dict[Any, str]:
    """Grades that an earlier session kept; a line that was cut off is asked again."""
    if not path.exists():
        return {}
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    path.write_bytes(whole)
    return {(position, repeat): given for position, repeat, given in map(orjson.loads, whole.splitlines())}
