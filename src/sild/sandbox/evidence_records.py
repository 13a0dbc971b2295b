"""The kinds that evidence needs after a report: the five records of a re-run, and drift of a solution in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from sild.exchange.kinds import Kind, register
from sild.sandbox import rerun, watching
from sild.sandbox.records import in_one_sentence

if TYPE_CHECKING:
    from collections.abc import Callable


def _form(name: str) -> Callable[[dict[str, Any]], None]:
    """A check by the body's form, which loads the engine when it is first needed."""

    def check(body: dict[str, Any]) -> None:
        from sild.sandbox import drift_body, rerun_bodies  # noqa: PLC0415 -- their forms load numpy, which is slow

        forms = {**vars(rerun_bodies), **vars(drift_body)}
        in_one_sentence(forms[name].model_validate, body)

    return check


for _name, _title, _body, _arrived, _template in (
    (rerun.REQUEST, _("Request to run samples again"), "RequestBody", rerun.request_arrived, "record_rerun"),
    (rerun.ANSWER, _("Answer that fixes the draw of samples"), "AnswerBody", rerun.answer_arrived, "record_rerun"),
    (rerun.OUTCOME, _("Outcome of samples run again"), "OutcomeBody", rerun.outcome_arrived, "record_outcome"),
    (rerun.SHOWN, _("Original results of drawn samples"), "ShownBody", rerun.shown_arrived, "record_shown"),
    (
        rerun.VERDICT,
        _("Countersignature or dispute of a report"),
        "VerdictBody",
        rerun.verdict_arrived,
        "record_verdict",
    ),
):
    register(Kind(_name, _title, _form(_body), _arrived, template=f"sandbox/{_template}.html"))
register(
    Kind(watching.DRIFT, _("Drift of a solution in use"), _form("DriftBody"), template="sandbox/record_drift.html")
)
