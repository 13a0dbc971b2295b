"""Our witnesses: hand each partner our newest checkpoint, and ask how far it saw our log (C2SP tlog-witness)."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import guard, log, outgoing, own
from sild.exchange.client import Client
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError, LinkDownError, LogHeldError, PartnerError
from sild.exchange.log_models import Checkpoint, Cosignature, LogState
from sild.exchange.models import Partner
from sild.exchange.partners import identity_of
from sild.people import audit
from sild.people.enums import Right
from sild.trust.checkpoint import open_checkpoint, witness_time
from sild.trust.errors import TrustError
from sild.trust.identity import Identity
from sild.trust.tree import Tree
from sild.trust.witness import format_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from sild.people.actor import Actor

logger = structlog.get_logger(__name__)


def cosigned_size(partner: Partner) -> int:
    """The largest size of our log whose checkpoint the partner cosigned; 0 for none."""
    rows = Cosignature.objects.filter(witness=partner).order_by("-checkpoint__size")
    return rows.values_list("checkpoint__size", flat=True).first() or 0


def ask_to_cosign(client: Client, partner: Partner) -> int:
    """Hand our newest checkpoint to a partner and keep its cosignature; returns the checkpoint's size.

    Raises:
        LogHeldError: the partner has seen more of our log than there is, and can show it.
        LinkDownError: it cannot be reached, or does not cosign.
    """
    checkpoint = log.latest()
    if checkpoint is None:
        return 0
    status, answer = client.add_checkpoint(_request(cosigned_size(partner), checkpoint))
    if status == HTTPStatus.CONFLICT:
        seen = _size(answer)
        if seen > checkpoint.size:
            consider(partner, client.cosigned_checkpoint(own.node_keys().log_origin))
            raise LinkDownError(f"{partner} says that it saw {seen} leaves of our log of {checkpoint.size}.")
        status, answer = client.add_checkpoint(_request(seen, checkpoint))
    if status != HTTPStatus.OK:
        raise LinkDownError(f"{partner} did not cosign our checkpoint of {checkpoint.size} leaves: it saw {answer!r}.")
    for line in answer.splitlines(keepends=True):
        with suppress(PartnerError):  # a line of a key that is unknown here is passed over, as the specification says
            outgoing.accept_cosignature(partner, checkpoint.size, line)
    return checkpoint.size


def consider(partner: Partner, text: str) -> None:
    """Compare with our log what a partner cosigned of it; what shows that we went back is kept before anything else.

    Args:
        partner: pinned.
        text: the checkpoint with its cosignature; empty when it never cosigned one. What is not signed by our keys and
            the partner's proves nothing and is passed over.

    Raises:
        LogHeldError: it shows that our log went back.
    """
    if not text:
        return
    try:
        seen = open_checkpoint(text, Identity.parse(own.node_keys().identity_document(), on=None))
        if witness_time(text, identity_of(partner)) is None:
            raise PartnerError(f"{partner} showed a checkpoint that it did not cosign.")
    except (TrustError, ExchangeError) as error:
        logger.warning("not a checkpoint of ours", partner=partner.node, why=str(error))
        return
    state, tree = LogState.objects.first() or LogState(), Tree(log.DatabaseTiles())
    newest = Checkpoint.objects.values_list("size", flat=True).first() or 0
    if seen.size <= newest and tree.root(seen.size) != seen.root:
        guard.marks().contradict(text)
    elif seen.size > newest:
        guard.marks().hold(text)
    guard.require_whole(state, tree)


def ask_all(open_client: Callable[[Partner], Client] = Client.to) -> list[str]:
    """Ask every partner how far it saw our log; returns those that answered.

    Raises:
        LogHeldError: one of them has seen more of it, or another one.
    """
    answered, held = [], None
    for partner in Partner.objects.exclude(state=PartnerState.ADDED):
        try:
            with open_client(partner) as client:
                consider(partner, client.cosigned_checkpoint(own.node_keys().log_origin))
            answered.append(partner.node)
        except LogHeldError as error:
            held = error
        except (ExchangeError, TrustError) as error:
            logger.warning("partner not asked", partner=partner.node, why=str(error))
    if held is not None:
        raise held
    return answered


@transaction.atomic
def confirm(actor: Actor, *, said_by: list[str]) -> int:
    """Sign what waits, since somebody vouched that nothing was restored; returns the log's signed size.

    Args:
        actor: who says so: a job when partners did, else an administrator.
        said_by: the partners that answered; empty when a person vouches.

    Raises:
        LogHeldError: the log went back.
    """
    actor.require(Right.ADMINISTER)
    state, tree = log.lock(), Tree(log.DatabaseTiles())
    guard.require_whole(state, tree)
    newest = Checkpoint.objects.first()
    signed = newest.size if newest else 0
    if state.size == 0:
        return 0
    if newest is None or state.size > newest.size:
        newest = log.sign(state, tree)
    checkpoint = newest
    transaction.on_commit(lambda: guard.hold(checkpoint, begin=True))
    audit.note(actor, "exchange.confirm-log", own.node_id(), size=newest.size, waited=newest.size - signed, by=said_by)
    return newest.size


@transaction.atomic
def end(actor: Actor, reason: str) -> None:
    """End this node's log for good: nothing more is published under this identity.

    Raises:
        LogHeldError: no reason was given.
    """
    actor.require(Right.ADMINISTER)
    if not reason.strip():
        raise LogHeldError(_("Write down why the log is ended; partners will ask."), code="reason")
    state = log.lock()
    state.ended = reason.strip()
    state.save(update_fields=["ended"])
    audit.note(actor, "exchange.end-log", own.node_id(), size=state.size, reason=state.ended)


def _request(old: int, checkpoint: Checkpoint) -> str:
    """What the witness is asked."""
    old = min(old, checkpoint.size)
    proof = Tree(log.DatabaseTiles()).consistency_proof(old, checkpoint.size)
    return format_request(old, proof, checkpoint.text)


def _size(answer: str) -> int:
    """The size in the body of a conflict."""
    digits = answer.removesuffix("\n")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(2**63)):
        raise LinkDownError(f"A witness answered {answer[:40]!r} where a size should be.", code="answer")
    return int(digits)
