"""Being a partner's witness (C2SP tlog-witness): cosign what continues the checkpoint that we verified last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db import transaction

from sild.exchange import history, own
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError, NotFoundError, StaleError, WitnessError
from sild.exchange.models import Partner
from sild.exchange.partners import freeze, identity_of
from sild.people.actor import Actor
from sild.trust import note
from sild.trust.checkpoint import Checkpoint, add_cosignature, cosign, open_checkpoint
from sild.trust.errors import TrustError
from sild.trust.identity import log_origin
from sild.trust.tree import EMPTY_ROOT
from sild.trust.verify import verify_consistency
from sild.trust.witness import Request, origin_hash, parse_request

if TYPE_CHECKING:
    from sild.trust.identity import Identity


def add_checkpoint(body: str) -> str:
    """Cosign a checkpoint of a pinned partner's log; what it returns is on disk before anybody can have it.

    Args:
        body: old size line, consistency proof lines, an empty line and the checkpoint.

    Returns:
        Our signature line.

    Raises:
        WitnessError: with the status that the specification asks for. Two checkpoints of one size that the log signed
            freeze the partner, whoever brought them.
    """
    try:
        return _add(body)
    except WitnessError as error:
        if error.proven_by:
            freeze(Actor.operator("job"), error.proven_by, str(error))
        raise


def line_for(partner: Partner, text: str) -> str | None:
    """Our line for a checkpoint that a round with the partner verified; None when we cosigned a larger one already."""
    with transaction.atomic():
        locked = Partner.objects.select_for_update().get(pk=partner.pk)
        mine, newest = _parsed(text), _parsed(locked.their_cosigned) if locked.their_cosigned else None
        if newest is not None and newest.size > mine.size:
            return None
        if newest == mine:
            return str(note.split(locked.their_cosigned)[1][-1])
        return _cosign(locked, text)


def cosigned_checkpoint(hashed_origin: str) -> str:
    """The last checkpoint of a partner's log that we cosigned, with our line.

    Raises:
        NotFoundError: there is none.
    """
    for partner in Partner.objects.exclude(their_cosigned=""):
        if origin_hash(log_origin(partner.node)) == hashed_origin:
            return partner.their_cosigned
    raise NotFoundError("This witness never cosigned a checkpoint of that log.")


@transaction.atomic
def _add(body: str) -> str:
    """Check in the order of the specification, then cosign; the partner's row is locked throughout."""
    try:
        request = parse_request(body)
        claimed = _parsed(request.checkpoint)
    except TrustError as error:
        raise WitnessError(400, str(error)) from error
    partner = Partner.objects.select_for_update().filter(node=claimed.origin.removesuffix("/log")).first()
    if partner is None or not partner.is_pinned or claimed.origin != log_origin(partner.node):
        raise WitnessError(404, f"This witness does not know the log {claimed.origin}.")
    identity, checkpoint = _signed(partner, request.checkpoint)
    _check(partner, request, checkpoint)
    text = _without_others(request.checkpoint, identity)
    try:
        history.remember(partner, checkpoint, text)
    except StaleError as error:
        raise _conflict(partner) from error
    return _cosign(partner, text)


def _signed(partner: Partner, text: str) -> tuple[Identity, Checkpoint]:
    """The partner's identity and the checkpoint, once both signatures of its log hold."""
    if partner.state == PartnerState.FROZEN:
        raise WitnessError(403, f"{partner.node} is frozen here until a person decides.")
    try:
        identity = identity_of(partner)
        return identity, open_checkpoint(text, identity)
    except (TrustError, ExchangeError) as error:
        raise WitnessError(403, str(error)) from error


def _check(partner: Partner, request: Request, new: Checkpoint) -> None:
    """The checks on sizes and roots (tlog-witness, add-checkpoint)."""
    if request.old > new.size:
        raise WitnessError(400, "The old size is larger than the checkpoint's.")
    old = _parsed(partner.their_checkpoint) if partner.their_size else Checkpoint(new.origin, 0, EMPTY_ROOT)
    if new.size == old.size and new.root != old.root:
        sentence = f"The log of {partner.node} signed two checkpoints of {new.size} leaves that differ."
        conflict = request.old != old.size
        raise WitnessError(
            409 if conflict else 422, sentence, size=old.size if conflict else None, proven_by=partner.node
        )
    if request.old != old.size:
        raise _conflict(partner)
    try:
        verify_consistency(old.size, old.root, new.size, new.root, request.proof)
    except TrustError as error:
        raise WitnessError(422, str(error)) from error
    if new.size == 0 and new.root != EMPTY_ROOT:
        raise WitnessError(422, "The root of an empty log is not that of the empty tree.")


def _conflict(partner: Partner) -> WitnessError:
    """The answer to a log that is wrong about how far we saw it."""
    size = Partner.objects.values_list("their_size", flat=True).get(pk=partner.pk)
    return WitnessError(409, f"This witness saw {size} leaves of the log.", size=size)


def _cosign(partner: Partner, text: str) -> str:
    """Cosign a checkpoint that was found consistent, and keep it for whoever monitors the log."""
    line = cosign(text, own.node_keys(), timestamp=int(time.time()))
    partner.their_cosigned = add_cosignature(text, line)
    partner.save(update_fields=["their_cosigned"])
    return line


def _parsed(text: str) -> Checkpoint:
    """The checkpoint in a note, unverified."""
    return Checkpoint.parse(note.split(text)[0])


def _without_others(text: str, identity: Identity) -> str:
    """The note with the log's own lines alone: what others added is not ours to keep."""
    body, lines = note.split(text)
    return note.join(body, [line for line in lines if line.name == identity.log_origin])
