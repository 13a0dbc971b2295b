"""The one gate: whether a record may leave for a receiver. Deny by default (FIRST TLP 2.0, section 3).

A record leaves when its marking and audience let it (`decide`), when everybody whom it reaches may see what it names
(`beyond`), and, for what another node published, when its marking lets it be passed on (`check_passing_on`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

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


class Marked(Protocol):
    """What the gate looks at of a record that is here."""

    @property
    def issuer(self) -> str:
        """The node that published it."""

    @property
    def tlp(self) -> str:
        """Its marking."""

    @property
    def audience(self) -> Audience:
        """Whom it is for."""


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


def may_know(named: Marked, receiver: str) -> bool:
    """Whether a node may see a record, and therefore whatever names it, attaches it or sums it up."""
    return receiver == named.issuer or decide(named.tlp, named.audience, receiver, pinned=True).allowed


def beyond(tlp: str, audience: Audience, named: Marked, *, own: str) -> list[str]:
    """Whom a record would reach although they may not see one that it names.

    Args:
        tlp: the marking of the record that names another.
        audience: its audience.
        named: the record that it names.
        own: this node, which has both.

    Returns:
        Node ids, or the wide audience as a whole; empty when nobody is reached who may not see `named`.
    """
    if tlp == Tlp.RED:
        return []
    if not isinstance(audience, str):
        return [node for node in sorted(set(audience)) if node != own and not may_know(named, node)]
    if is_narrow(named.audience) or named.tlp not in WIDEST or named.audience not in WIDEST[named.tlp]:
        return [audience]
    # Whoever is no partner may see what is marked CLEAR and nothing else.
    return [audience] if audience == PUBLIC and named.tlp != Tlp.CLEAR else []


def is_passable(original: Marked, audience: Audience = PARTNERS) -> bool:
    """Whether another node's record may be passed on; see `check_passing_on`."""
    try:
        check_passing_on(original, audience)
    except WithheldError:
        return False
    return True


def check_passing_on(original: Marked, audience: Audience) -> None:
    """Refuse to pass on another node's record beyond what its marking and its audience let go (TLP 2.0, section 3).

    CLEAR may go to anybody, GREEN to partners, who are its community; AMBER and what was for named nodes stays.

    Raises:
        WithheldError: code `not-passed-on`.
    """
    names = {"issuer": original.issuer, "tlp": original.tlp}
    if original.tlp not in {Tlp.GREEN, Tlp.CLEAR}:
        raise WithheldError(
            _("TLP:%(tlp)s is not passed on: ask %(issuer)s to send it there itself.") % names, code="not-passed-on"
        )
    if is_narrow(original.audience):
        raise WithheldError(
            _("%(issuer)s published this for named nodes alone; it is not passed on.") % names, code="not-passed-on"
        )
    if audience == PUBLIC and original.tlp != Tlp.CLEAR:
        raise WithheldError(
            _("TLP:%(tlp)s stays among partners; it is not passed on to everybody.") % names, code="not-passed-on"
        )
