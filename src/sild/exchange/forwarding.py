"""Passing on what another node published, with that node's own proof, so that the carrier need not be trusted.

A record of kind `exchange.forward` encloses the original as `sild record verify` reads it: canonical bytes, inclusion
proof, the issuer's checkpoint with both its signatures and the carrier's cosignature, and the issuer's identity.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import blobs, evidence, gate, narrowing, own, rows, services
from sild.exchange.documents import known_of
from sild.exchange.errors import ExchangeError, NotFoundError, RefusedError, WithheldError
from sild.exchange.models import Carried, Record
from sild.people import audit
from sild.people.actor import Actor
from sild.people.enums import Right
from sild.trust.checkpoint import add_cosignature, cosign, is_cosigned_by
from sild.trust.evidence import MAX_FILE, build_record_file, take_apart, verify_record_file
from sild.trust.proof import format_proof, parse_proof
from sild.trust.record import parse_record

if TYPE_CHECKING:
    from sild.trust.evidence import Verdict
    from sild.trust.record import Header, Parsed

logger = structlog.get_logger(__name__)
KIND = "exchange.forward"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who really published what a carrier passed on.

    Attributes:
        record: the original, as a row that is not saved.
        verdict: on the original's own proof, against what people here pinned.
        carrier: the node that passed it on.
    """

    record: Record
    verdict: Verdict
    carrier: str

    @property
    def is_pinned(self) -> bool:
        """Whether people here have compared the issuer's fingerprint themselves."""
        return self.verdict.pinned


@transaction.atomic
def redistribute(actor: Actor, record: Record, audience: gate.Audience) -> Record:
    """Pass on another node's record, files and all, under its own marking.

    Args:
        actor: who must hold the right to pass on.
        record: what a partner published, or itself passed on to us.
        audience: whom it is for.

    Raises:
        NotAllowedError: the actor may not pass on.
        WithheldError: the marking or the audience of the original does not permit it (`not-passed-on`).
        ExchangeError: it is our own, was withdrawn, or its files are not all here.
    """
    actor.require(Right.REDISTRIBUTE)
    file, original = _original(record)
    gate.check_passing_on(original.header, audience)
    made = services.publish(
        actor,
        kind=KIND,
        subject=original.header.subject,
        body=orjson.loads(file),
        tlp=original.header.tlp,
        audience=audience,
        attachments=_files(original.header),
    )
    _keep(made, original)
    audit.note(actor, "exchange.redistribute", record, issuer=original.header.issuer, record=str(made.pk))
    return made


def validate(body: dict[str, Any]) -> None:
    """Raise ValueError with a sentence unless the enclosed original verifies against what is known of its issuer."""
    data = orjson.dumps(body)
    if len(data) > MAX_FILE:
        raise ValueError(f"the enclosed record has more than {MAX_FILE} bytes")
    verdict = _verdict(data)
    if not verdict.ok:
        raise ValueError(verdict.sentence)


def arrived(forward: Record) -> None:
    """Note whose record a partner passed on, and what its issuer took back by it.

    Raises:
        RefusedError: code `not-passed-on`: its issuer's marking does not let it come this way.
    """
    original = original_of(forward)
    header = original.header
    try:
        gate.check_passing_on(header, forward.audience)
    except WithheldError as error:
        raise RefusedError(str(error), code=error.code) from error
    if forward.tlp != header.tlp:
        raise RefusedError(f"It was passed on as TLP:{forward.tlp}, but is TLP:{header.tlp}.", code="not-passed-on")
    _keep(forward, original)
    if header.withdraws is not None:
        _end(header.issuer, header.withdraws.id)
        _follow(forward, header.issuer, header.withdraws.id, is_withdrawal=True)


def watch(record: Record, **_: object) -> None:
    """When what was passed on is taken back or replaced, tell those to whom it was passed on."""
    if record.withdraws_id is not None:
        _end(record.issuer, str(record.withdraws_id))
    target = record.withdraws_id or record.replaces_id
    if target is not None and not record.is_own:
        _follow(record, record.issuer, str(target), is_withdrawal=record.withdraws_id is not None)


def origin(forward: Record) -> Origin:
    """Who published what a record of kind `exchange.forward` encloses, verified anew."""
    data = orjson.dumps(forward.body)
    verdict = _verdict(data)
    return Origin(rows.row(original_of(forward), verdict.index), verdict, forward.issuer)


def original_of(forward: Record) -> Parsed:
    """The enclosed record, whose form was checked when the forward was validated; errors as in `original_file`."""
    _require_forward(forward)
    return parse_record(forward.body["record"].encode())


def original_file(forward: Record) -> bytes:
    """The enclosed record with its issuer's proof, as `sild record verify` reads it.

    Raises:
        NotFoundError: code `no-original`: the record is of another kind.
    """
    _require_forward(forward)
    return build_record_file(*take_apart(orjson.dumps(forward.body)))


def _require_forward(record: Record) -> None:
    """Refuse to look for an original in what encloses none."""
    if record.kind != KIND:
        raise NotFoundError(_("This record was not passed on: its issuer published it itself."), code="no-original")


def _original(record: Record) -> tuple[bytes, Parsed]:
    """The file to enclose and what is in it."""
    if record.is_own:
        raise ExchangeError(_("This node published it itself: publish it for them, or change its marking."))
    if record.withdrawn:
        raise ExchangeError(_("It has been withdrawn, so it is not passed on."))
    if record.kind == KIND:
        return original_file(record), original_of(record)
    return _cosigned(evidence.record_file(record)), parse_record(bytes(record.raw))


def _cosigned(file: bytes) -> bytes:
    """A file with our own cosignature: we verified that the issuer's log only grew up to its checkpoint."""
    raw, text, document, witnesses = take_apart(file)
    proof, us = parse_proof(text), evidence.own_identity()
    if us.document in witnesses and is_cosigned_by(proof.checkpoint, us):
        return file
    checkpoint = add_cosignature(
        proof.checkpoint, cosign(proof.checkpoint, own.node_keys(), timestamp=int(time.time()))
    )
    text = format_proof(proof.index, proof.path, checkpoint)
    return build_record_file(raw, text, document, [*witnesses, us.document])


def _files(header: Header) -> list[blobs.Draft]:
    """The original's files, to travel with it."""
    missing = [one.name for one in header.attachments if not blobs.has(one.hash)]
    if missing:
        raise ExchangeError(_("Its file %(name)s is not here yet. Try again later.") % {"name": missing[0]})
    return [blobs.Draft(name=one.name, media_type=one.type, data=blobs.read(one.hash)) for one in header.attachments]


def _keep(forward: Record, original: Parsed) -> None:
    """Remember whose record came by which."""
    header = original.header
    Carried.objects.create(
        forward=forward,
        issuer=header.issuer,
        original=header.id,
        hash=original.hash,
        withdraws=header.withdraws.id if header.withdraws else None,
    )
    direct = Record.objects.filter(withdraws_id=header.id, issuer=header.issuer)
    if direct.exists() or Carried.objects.filter(withdraws=header.id, issuer=header.issuer).exists():
        _end(header.issuer, header.id)


def _end(issuer: str, target: str) -> None:
    """What an issuer took back is shown no more, by whatever carrier it came."""
    came = Carried.objects.filter(issuer=issuer, original=target, forward__received__isnull=False)
    Record.objects.filter(pk__in=came.values("forward")).update(withdrawn=True)


def _follow(news: Record, issuer: str, target: str, *, is_withdrawal: bool) -> None:
    """Take back what we passed on, and pass the issuer's own word on if that may leave.

    Args:
        news: the withdrawal or the newer version, or the forward that encloses it.
        issuer: of the record that was passed on.
        target: its id.
        is_withdrawal: a newer version that may still be passed on ends nothing.
    """
    ours = Carried.objects.filter(issuer=issuer, original=target, forward__received=None, forward__withdrawn=False)
    actor = Actor.operator("job")
    for carried in ours.select_related("forward"):
        may_go = _may_go(news, carried.forward.audience)
        if is_withdrawal and may_go:
            redistribute(actor, news, carried.forward.audience)
        if is_withdrawal or not may_go:
            services.withdraw(actor, carried.forward, narrowing.REASON)
            logger.info("took back what was passed on", record=str(carried.forward_id), issuer=issuer)


def _may_go(news: Record, audience: gate.Audience) -> bool:
    """Whether a record's own issuer lets it be passed on to those."""
    marked: gate.Marked = original_of(news).header if news.kind == KIND else news
    return gate.is_passable(marked, audience)


def _verdict(data: bytes) -> Verdict:
    """Verify an enclosed original; its issuer's pin and revocations count if people here have pinned it."""
    try:
        issuer = parse_record(take_apart(data)[0]).header.issuer
    except Exception:  # noqa: BLE001 -- whatever is wrong with it, the verdict below says so
        issuer = ""
    return verify_record_file(data, known=known_of(issuer))
