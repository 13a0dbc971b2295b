"""Why something that arrived was refused, for people, by its code: the log keeps the detailed English sentence."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sild.language import language_of
from sild.trust.verdicts import reason as trust_reason


def reason(code: str) -> str:
    """The reason in the reader's language; empty when only the sentence itself says it."""
    return _reasons().get(code) or trust_reason(code, language_of(get_language() or "en"))


def _reasons() -> dict[str, str]:
    """The exchange's own reasons."""
    return {
        "audience": _("The record is not for this node and should not have been sent here."),
        "body": _("The body does not have the form that its kind asks for."),
        "duplicate-id": _("Another record has the same id."),
        "entry-form": _("The entry does not have the form of one."),
        "file": _("The file that arrived is not the one that its record names."),
        "gap": _("Something that was meant for this node is missing."),
        "issuer": _("The record names another node as its issuer than the one that logged it."),
        "lane": _("It was numbered as urgent and does not say so, or the other way round."),
        "log-forked": _("The partner's log forked: it does not continue what was verified before."),
        "log-shrank": _("The partner's log shrank."),
        "not-for-us": _("It was sealed for another node."),
        "not-passed-on": _("Its issuer did not let it be passed on."),
        "page-form": _("What arrived does not have the form of a page of the index."),
        "receiver": _("It was sealed for another place of the index, or by somebody else."),
        "renumbered": _("The partner changed what it had numbered for this node before."),
        "seal-form": _("The seal cannot be opened: it was damaged or changed."),
        "unsealed": _("It is for named nodes alone and came in the open."),
    }
