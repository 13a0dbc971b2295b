"""Reading the results of finished runs: filtered, compared, proved one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from sild.sandbox.engine import compare, samples
from sild.sandbox.engine.journal import Result, kept_results
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.services import results_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.sandbox.models import Run

Which = Literal["wrong", "unanswered", "slow", "all"]
SLOWEST = 20


def of(run: Run, which: Which = "all", words: str = "") -> Iterator[Result]:
    """A run's results in the data's order; `slow` gives the slowest ones first.

    Args:
        run: a finished run; one that is not has none.
        which: all, those without a full score, without an answer, or the slowest.
        words: only those whose id or output holds these words.
    """
    if run.report is None:
        return
    found = kept_results(run.folder(settings.CONFIG.home), run.report["results"]["sha256"])
    if which == "slow":
        found = iter(sorted(found, key=lambda result: -result.milliseconds)[:SLOWEST])
    for result in found:
        kept = which in {"all", "slow"} or (bool(result.error) if which == "unanswered" else result.score < 1)
        if kept and (not words or words.casefold() in f"{result.sample} {result.output}".casefold()):
            yield result


def compared(first: Run, second: Run) -> compare.Comparison:
    """Two finished runs on the same suite, sample by sample.

    Raises:
        StateError: one is not finished, or they are on different suites.
    """
    if first.report is None or second.report is None:
        raise StateError(_("Only finished runs can be compared."))
    if first.suite_id != second.suite_id:
        raise StateError(_("The two runs are on different suites, so their figures cannot be compared."))
    return compare.compare(of(first), of(second))


def proved(run: Run, sample: str) -> dict[str, Any]:
    """One sample's line with the proof that the report's root covers it.

    Raises:
        StateError: the results are not here.
        NotFoundError: the run has no such sample.
    """
    lines = results_path(run, settings.CONFIG.home).read_bytes().splitlines()
    for index, line in enumerate(lines):
        if Result.parse(line).sample == sample:
            return samples.prove(lines, index) | {"run": str(run.pk)}
    raise NotFoundError(_("The run has no sample “%(id)s”.") % {"id": sample})
