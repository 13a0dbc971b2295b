"""A report in the forms that others read: in-toto Statement, mapping to the EU AI Act, PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from sild.exchange.models import Record
from sild.sandbox.engine import act, redact
from sild.sandbox.engine import statement as statements
from sild.sandbox.errors import CheckError, StateError
from sild.sandbox.services import redaction_key

if TYPE_CHECKING:
    from sild.sandbox.models import Run

LANGUAGES = ("en", "et", "uk")


def report_of(run: Run) -> dict[str, Any]:
    """The run's report as it may leave: what the solution said with personal data in it stands as a digest.

    Raises:
        StateError: the run has no report yet.
    """
    if run.report is None:
        raise StateError(_("This run has no report yet."))
    return redact.report(run.report, redaction_key(run))


def statement(run: Run) -> dict[str, Any]:
    """The report as an in-toto Statement; see `engine.statement`.

    Raises:
        StateError: the run has no report yet.
    """
    record = Record.objects.filter(pk=run.record_id).first() if run.record_id else None
    reference = record.reference if record else None
    return statements.statement(report_of(run), package=run.solution.package, record=reference)


def act_mapping(run: Run) -> dict[str, Any]:
    """Which points of the EU AI Act the report covers; see `engine.act`.

    Raises:
        StateError: the run has no report yet.
    """
    return act.mapping(report_of(run))


def pdf(run: Run, language: str) -> bytes:
    """The report as a PDF file with charts.

    Raises:
        StateError: the run has no report yet.
        CheckError: there is no such language.
    """
    if language not in LANGUAGES:
        raise CheckError(_("A report is written in en, et or uk, not in “%(language)s”.") % {"language": language})
    from sild.sandbox import printed  # noqa: PLC0415 -- only who prints needs the fonts

    report = report_of(run)
    with override(language):
        return printed.write(report, language, published=str(run.record_id or ""))
