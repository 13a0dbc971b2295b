"""Whether a partner's log only grew since we last looked; a contradiction stops import until a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sild.exchange.errors import HistoryError, StaleError, TransferError
from sild.exchange.models import Partner
from sild.trust.checkpoint import Checkpoint, open_checkpoint
from sild.trust.encoding import unb64
from sild.trust.errors import TrustError
from sild.trust.verify import verify_consistency

if TYPE_CHECKING:
    from sild.trust.identity import Identity

PAGE = frozenset({"checkpoint", "consistency", "entries", "more"})


def check_page(partner: Partner, page: Any) -> None:
    """Refuse what has not the form of a page; a member that this version does not know is one flaw of many.

    Raises:
        TransferError: code `page-form`.
    """
    right = (
        isinstance(page, dict)
        and set(page) == PAGE
        and isinstance(page["checkpoint"], str)
        and isinstance(page["more"], bool)
        and _is_list_of(page["consistency"], str)
        and _is_list_of(page["entries"], dict)
    )
    if not right:
        raise TransferError(f"{partner.node} sent a page that has not the form of one.", code="page-form")


def verified_checkpoint(
    partner: Partner, identity: Identity, page: dict[str, Any], *, have: int | None = None
) -> Checkpoint:
    """The page's checkpoint, once both signatures hold and it continues the one that we verified before.

    Args:
        partner: whose log it is.
        identity: its verified identity.
        page: what it sent.
        have: what we told the partner that we had verified when we asked; None for what we have now.

    Raises:
        StaleError: the page is older than what another process verified since it was asked for.
        TransferError: it does not verify, or its consistency proof cannot be read.
        HistoryError: code `log-shrank` or `log-forked`.
    """
    checkpoint = signed_checkpoint(partner, identity, page["checkpoint"])
    if have is not None and have < partner.their_size != checkpoint.size >= have:
        # The page proves growth from what was known when it was asked for, which says nothing of what is known now.
        raise StaleError(f"Another process has verified more of {partner.node} since this page was asked for.")
    if checkpoint.size < partner.their_size:
        raise HistoryError(
            f"The log of {partner.node} shrank from {partner.their_size} to {checkpoint.size} leaves.",
            code="log-shrank",
        )
    if partner.their_size:
        _verify_growth(partner, checkpoint, page["consistency"])
    return checkpoint


def signed_checkpoint(partner: Partner, identity: Identity, text: str) -> Checkpoint:
    """A checkpoint that both of the partner's log keys signed.

    Raises:
        TransferError: with the reason's code.
    """
    try:
        return open_checkpoint(text, identity)
    except TrustError as error:
        raise TransferError(f"The checkpoint of {partner.node} does not verify: {error}", code=error.code) from error


def remember(partner: Partner, checkpoint: Checkpoint, text: str) -> None:
    """Keep the newest verified checkpoint, from which the next one must continue.

    Raises:
        StaleError: another process has verified a checkpoint since; this one was not compared with it.
    """
    if checkpoint.size > partner.their_size:
        unchanged = Partner.objects.filter(pk=partner.pk, their_size=partner.their_size)
        if not unchanged.update(their_size=checkpoint.size, their_checkpoint=text):
            raise StaleError(f"Another process has verified more of the log of {partner.node} in the meantime.")
        partner.their_size, partner.their_checkpoint = checkpoint.size, text


def _verify_growth(partner: Partner, new: Checkpoint, consistency: list[str]) -> None:
    """Prove that the checkpoint we know is a prefix of the new one (RFC 6962 section 2.1.2)."""
    old = Checkpoint.parse(partner.their_checkpoint.rpartition("\n\n")[0] + "\n")
    if old.size == new.size and old.root == new.root:
        return
    try:
        path = [unb64(node) for node in consistency]
    except ValueError as error:
        raise TransferError(f"{partner.node} sent a consistency proof that is not base64.", code="page-form") from error
    try:
        verify_consistency(old.size, old.root, new.size, new.root, path)
    except TrustError as error:
        raise HistoryError(
            f"The log of {partner.node} forked: its {new.size} leaves do not continue the {old.size} verified before.",
            code="log-forked",
            proven=old.size == new.size,
        ) from error


def _is_list_of(value: Any, kind: type) -> bool:
    """Tell whether a value is a list of that type alone."""
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)
