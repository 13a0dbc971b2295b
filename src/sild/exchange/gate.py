"""The one gate: whether a record may leave for a receiver. Deny by default (FIRST TLP 2.0, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sild.exchange.enums import Tlp
from sild.exchange.errors import WithheldError

Audience = str | Sequence[str]
PARTNERS = "partners"
PUBLIC = "public"
# The audiences without names that a marking allows; what is not listed never leaves.
WIDEST: dict[str, tuple[str, ...]] = {
    Tlp.AMBER_STRICT: (),
    Tlp.AMBER: (),
    Tlp.GREEN: (PARTNERS,),
    Tlp.CLEAR: (PARTNERS, PUBLIC),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a record may leave, and why."""

    allowed: bool
    reason: str


def decide(tlp: str, audience: Audience, receiver: str, *, pinned: bool) -> Decision:
    """Say whether a record may leave this node for `receiver`; everything that leaves passes through here.

    Args:
        tlp: the marking, as in `AMBER+STRICT`.
        audience: node ids, "partners" or "public".
        receiver: the node id that asks.
        pinned: whether people have compared that node's fingerprint.
    """
    named = is_narrow(audience) and receiver in audience
    if not pinned:
        return Decision(False, _("%(node)s is not pinned: compare fingerprints first.") % {"node": receiver})
    if tlp == Tlp.RED:
        return Decision(False, _("TLP:RED never leaves the node."))
    if tlp in WIDEST and (named or audience in WIDEST[tlp]):
        return Decision(True, _("It is named as a receiver.") if named else _("It belongs to the audience."))
    if tlp in {Tlp.AMBER, Tlp.AMBER_STRICT}:
        return Decision(False, _("TLP:%(tlp)s reaches only the nodes that it names.") % {"tlp": tlp})
    return Decision(False, _("%(node)s is not in the record's audience.") % {"node": receiver})


def check_marking(tlp: str, audience: Audience) -> None:
    """Refuse a marking and an audience that contradict each other, before anything is written.

    Raises:
        WithheldError: saying what does not fit and what to choose instead.
    """
    if tlp not in Tlp.values:
        raise WithheldError(
            _("“%(tlp)s” is no TLP 2.0 marking. Choose one of %(known)s.")
            % {"tlp": tlp, "known": ", ".join(Tlp.values)}
        )
    if isinstance(audience, str) and audience not in {PARTNERS, PUBLIC}:
        raise WithheldError(_("The audience is a list of node ids, “partners” or “public”."))
    if not audience:
        raise WithheldError(_("The audience is empty: name the nodes that the record is for."))
    if tlp in {Tlp.RED, Tlp.AMBER, Tlp.AMBER_STRICT} and isinstance(audience, str):
        raise WithheldError(
            _("TLP:%(tlp)s needs an audience of named nodes, not “%(audience)s”.") % {"tlp": tlp, "audience": audience}
        )
    if tlp == Tlp.GREEN and audience == PUBLIC:
        raise WithheldError(_("TLP:GREEN stays among partners; for the public choose TLP:CLEAR."))


def is_narrow(audience: Audience) -> bool:
    """True when the audience is a list of nodes, so that the record is sealed for each of them."""
    return not isinstance(audience, str)
