"""Why a commitment has its status, as a sentence in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sild.exchange import multilingual
from sild.plan.engine.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sild.plan.standing import View


def why(shown: View) -> str:
    """Say from what the status follows."""
    match shown.status:
        case Status.DISPUTED:
            return _disputed(shown)
        case Status.MET:
            return _met(shown)
        case Status.REPORTED:
            return f"{_all_reported(shown)} {_waiting(shown)}"
        case Status.OVERDUE:
            return f"{_overdue(-shown.standing.days_left)} {evidence_so_far(shown)}"
        case Status.AT_RISK:
            return f"{_at_risk(shown)} {evidence_so_far(shown)}"
        case _:
            return evidence_so_far(shown)


def evidence_so_far(shown: View) -> str:
    """How many rules have evidence, and which have not."""
    rules = shown.standing.rules
    done = sum(part.has_evidence for part in rules)
    sentence = ngettext(
        "%(done)d of %(total)d rule has evidence; missing: %(missing)s.",
        "%(done)d of %(total)d rules have evidence; missing: %(missing)s.",
        len(rules),
    )
    return sentence % {"done": done, "total": len(rules), "missing": _titles(shown, shown.standing.missing)}


def _disputed(shown: View) -> str:
    """Who says that it is not met, since when and why."""
    said = [
        _("%(party)s assessed it as not met on %(day)s: “%(reason)s”.")
        % {"party": shown.plan.name_of(row.party), "day": _day(row.record.issued), "reason": row.reason}
        for row in shown.standing_assessments
        if row.party in shown.standing.disputed_by
    ]
    return " ".join(said)


def _met(shown: View) -> str:
    """By whom it was assessed."""
    rules = shown.standing.rules
    names = sorted({shown.plan.name_of(one.party) for row in shown.counted for one in shown.assessed_by(row)})
    sentence = ngettext(
        "The evidence for its one rule was assessed as met by another party than its issuer: %(names)s.",
        "The evidence for all %(total)d rules was assessed as met by another party than its issuer: %(names)s.",
        len(rules),
    )
    return sentence % {"total": len(rules), "names": ", ".join(names)}


def _all_reported(shown: View) -> str:
    """Since when all rules have evidence, and whether that was in time."""
    since = shown.standing.reported_on
    assert since is not None
    facts = {"total": len(shown.standing.rules), "day": _day(since), "due": _day(shown.data.due)}
    if since > shown.data.due:
        return _("Every rule has had evidence since %(day)s, after the due date of %(due)s.") % facts
    return _("Every rule has had evidence since %(day)s.") % facts


def _waiting(shown: View) -> str:
    """Which rules wait for another party's verdict."""
    return _("Not yet assessed by another party: %(rules)s.") % {"rules": _titles(shown, shown.standing.unassessed)}


def _overdue(days: int) -> str:
    """For how long it has been overdue."""
    return ngettext("Its due date passed %(days)d day ago.", "Its due date passed %(days)d days ago.", days) % {
        "days": days
    }


def _at_risk(shown: View) -> str:
    """What puts it at risk: a milestone that was missed, else the days that are left."""
    late = {part.key for part in shown.standing.milestones if part.late}
    titles = [multilingual.pick(step.title.model_dump()) for step in shown.data.milestones if step.key in late]
    if titles:
        return _("A milestone passed its date without evidence: %(titles)s.") % {"titles": "; ".join(titles)}
    days = shown.standing.days_left
    return ngettext("%(days)d day is left.", "%(days)d days are left.", days) % {"days": days}


def _day(day: date) -> str:
    """A date in figures or short, so that it need not be inflected in a sentence."""
    return date_format(day, "SHORT_DATE_FORMAT")


def _titles(shown: View, keys: Iterable[str]) -> str:
    """Titles of rules, as a list within a sentence."""
    wanted = set(keys)
    return "; ".join(multilingual.pick(rule.title.model_dump()) for rule in shown.data.evidence if rule.slug in wanted)
