"""Reading the results of finished runs: filtered, compared, proved one by one."""

from __future__ import annotations

import heapq
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from sild.sandbox import packages
from sild.sandbox.engine import compare, redact, samples
from sild.sandbox.engine import suite as suites
from sild.sandbox.engine.errors import PackError
from sild.sandbox.engine.evidence import write
from sild.sandbox.engine.journal import Result, kept_results
from sild.sandbox.engine.scorers import refusals
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.services import redaction_key, results_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.sandbox.engine.suite import Suite
    from sild.sandbox.models import Run

Which = Literal["wrong", "unanswered", "slow", "refused", "all"]
SLOWEST = 20


def of(run: Run, which: Which = "all", words: str = "", positions: frozenset[int] | None = None) -> Iterator[Result]:
    """A run's results in the data's order; `slow` gives the slowest ones first.

    Args:
        run: a finished run; one that is not has none.
        which: all, those without a full score, without an answer, or the slowest.
        words: only those whose id or output holds these words.
        positions: only those at these places of the suite's data.
    """
    if run.report is None:
        return
    found = kept_results(run.folder(settings.CONFIG.home), run.report["results"]["sha256"])
    if positions is not None:
        found = (result for result in found if result.position in positions)
    if which == "refused":
        found = filter(_refused, found)
    if which == "slow":
        found = iter(heapq.nlargest(SLOWEST, found, key=lambda result: result.milliseconds))
    for result in found:
        kept = which in {"all", "slow", "refused"} or (
            bool(result.error) if which == "unanswered" else result.score < 1
        )
        if kept and (not words or words.casefold() in f"{result.sample} {result.output}".casefold()):
            yield result


def _refused(result: Result) -> bool:
    """Whether the reply refuses, as the refusal scorer's detector reads it in English, Estonian and Ukrainian."""
    return isinstance(result.output, str) and refusals.refuses(result.output)


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


def proved(run: Run, sample: str, *, outside: bool = False) -> dict[str, Any]:
    """One sample's line with the proof that the report's root covers it.

    Args:
        run: a finished run.
        sample: the sample's id.
        outside: whether it leaves the node, so that an output with personal data stays here and its digest is shown.

    Raises:
        StateError: the results are not here.
        NotFoundError: the run has no such sample.
    """
    results_path(run, settings.CONFIG.home)
    found = list(of(run))
    for index, result in enumerate(found):
        if result.sample == sample:
            withheld = redact.withheld(result) if outside else ()
            return samples.prove(found, index, withheld=withheld) | {"run": str(run.pk)}
    raise NotFoundError(_("The run has no sample “%(id)s”.") % {"id": sample})


def salt_of(run: Run, sample: str) -> str:
    """The salt with which somebody who has an output can show that it is the one of the report.

    Raises:
        NotFoundError: the run has no such sample.
    """
    for result in of(run):
        if result.sample == sample:
            return result.salt
    raise NotFoundError(_("The run has no sample “%(id)s”.") % {"id": sample})


def suite_of(run: Run) -> Suite | None:
    """The suite that the run was on, with its samples; None when its package is not on this node."""
    try:
        with TemporaryDirectory(prefix="sild-suite-") as folder:
            packages.take_out(run.suite, Path(folder) / "suite")
            return suites.load(Path(folder) / "suite")
    except PackError:
        return None


def slices(suite: Suite) -> dict[str, frozenset[int]]:
    """The positions of the samples of each slice, by `kind=value`."""
    found: dict[str, set[int]] = {}
    for position, one in enumerate(suite.samples):
        for kind, value in one.slices.items():
            found.setdefault(f"{kind}={value}", set()).add(position)
    return {name: frozenset(positions) for name, positions in sorted(found.items())}


def evidence(run: Run) -> Iterator[bytes]:
    """The lines of the run's evidence file, as it may leave the node.

    Raises:
        StateError: the run has no report, or its results are not here.
    """
    results_path(run, settings.CONFIG.home)
    assert run.report is not None  # results_path refuses
    outgoing = redact.report(run.report, redaction_key(run))
    return write(outgoing, ((result, redact.withheld(result)) for result in of(run)))
