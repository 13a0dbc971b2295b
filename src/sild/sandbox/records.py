"""The kinds that the sandbox publishes: solutions that partners may test, and reports of tests."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, ValidationError

from sild.exchange.kinds import Kind, register
from sild.sandbox import services
from sild.sandbox.engine.forms import Form
from sild.sandbox.engine.solution import SolutionForm  # noqa: TC001 -- pydantic reads annotations when it runs

Hash = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class SolutionBody(Form):
    """The body of `sandbox.solution`: what `solution.yaml` says, the folder's digest, the attached package's hash."""

    digest: Hash
    package: Hash
    description: SolutionForm


def _solution(body: dict[str, Any]) -> None:
    """Check the form of a solution's record."""
    in_one_sentence(SolutionBody.model_validate, body)


def _report(body: dict[str, Any]) -> None:
    """Check the form of a report's record, and that it does not contradict itself."""
    from sild.sandbox.engine import report  # noqa: PLC0415 -- its forms load numpy, which is slow

    in_one_sentence(report.check, body)


def in_one_sentence(check: Any, body: dict[str, Any]) -> None:
    """Let pydantic's findings come as one ValueError that names every member."""
    try:
        check(body)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)]
        raise ValueError("; ".join(found)) from error


register(
    Kind(
        services.SOLUTION,
        _("AI solution"),
        _solution,
        services.solution_arrived,
        template="sandbox/record_solution.html",
    )
)
register(Kind(services.REPORT, _("Sandbox report"), _report, template="sandbox/record_report.html"))
