"""Whether a report of the sandbox is no worse than that of the solution in use, figure by figure on the same suite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from sild.analyst.errors import ActivationError
from sild.analyst.models import Activation
from sild.exchange import evidence
from sild.exchange.models import Record

if TYPE_CHECKING:
    from sild.people.actor import Actor

REPORT = "sandbox.report"


def require_no_worse(actor: Actor, body: dict[str, Any]) -> None:
    """Pass when nothing else is in use, or the new solution reaches each figure of the one in use.

    Raises:
        ActivationError: a figure is worse, or the two were not tested with the same suite.
    """
    active = _active(actor)
    if active is None or active.solution == body["solution"]["digest"]:
        return
    earlier = _report_of(actor, active, body["suite"].get("digest"))
    if earlier is None:
        raise ActivationError(
            _(
                "%(active)s, which is in use, was not tested with this suite, so nobody can say that the new one is no"
                " worse. Have both tested with the same one."
            )
            % {"active": active}
        )
    found = worse(body, earlier.body)
    if found:
        metric, new, old = found[0]
        raise ActivationError(
            _("%(metric)s is %(new)s, worse than the %(old)s of %(active)s, which is in use. It stays in use.")
            % {"metric": metric, "new": new, "old": old, "active": active}
        )


def worse(new: dict[str, Any], old: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Figures with a threshold that are worse in the new report, or missing there: name, new value, old value."""
    measured = {(one["metric"], one.get("slice", "")): one.get("measured") for one in new.get("verdicts", [])}
    found = []
    for one in old.get("verdicts", []):
        name, before = (one["metric"], one.get("slice", "")), one.get("measured")
        now = measured.get(name)
        less_is_better = one.get("at_most") is not None and one.get("at_least") is None
        if before is not None and (now is None or (now > before if less_is_better else now < before)):
            found.append((" ".join(filter(None, name)), "–" if now is None else f"{now:.4g}", f"{before:.4g}"))
    return found


def _active(actor: Actor) -> Activation | None:
    """What is in use for the actor, whichever files it has."""
    for activation in Activation.objects.for_actor(actor):
        if Record.objects.filter(pk=activation.report_id, withdrawn=False).exists():
            return activation
    return None


def _report_of(actor: Actor, active: Activation, suite: Any) -> Record | None:
    """A report about what is in use, on that suite: its own, else any other that verifies."""
    reports = Record.objects.visible_to(actor).filter(kind=REPORT, withdrawn=False)
    own = [report for report in reports if report.body.get("solution", {}).get("digest") == active.solution]
    own.sort(key=lambda report: report.pk != active.report_id)
    same = (report for report in own if report.body.get("suite", {}).get("digest") == suite)
    return next((report for report in same if evidence.verify(report).ok), None)
