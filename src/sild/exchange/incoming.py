"""Importing what a partner numbered for us: verify history, then each record, and keep progress record by record."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from django.utils import timezone

from sild.exchange import blobs, gate, kinds, own
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError, HistoryError, PartnerError, RefusedError, TransferError
from sild.exchange.models import Attachment, Partner, Record, Refusal
from sild.exchange.outgoing import attachment_context, seal_context
from sild.exchange.partners import freeze, identity_of
from sild.exchange.services import apply_withdrawal, attachment_rows, link, row
from sild.people.actor import Actor
from sild.trust import note
from sild.trust.checkpoint import Checkpoint, open_checkpoint
from sild.trust.errors import TrustError
from sild.trust.proof import format_proof
from sild.trust.record import parse_record
from sild.trust.seal import open_sealed
from sild.trust.suites import require_usable
from sild.trust.tree import leaf_hash
from sild.trust.verify import Inclusion, verify_consistency

if TYPE_CHECKING:
    from sild.trust.identity import Identity


@dataclass(slots=True)
class Imported:
    """What one page brought."""

    checkpoint: Checkpoint
    records: list[Record] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Vouched:
    """The verified checkpoint that vouches for a page's entries, verbatim and as something to check proofs against."""

    text: str
    inclusion: Inclusion


def import_page(partner: Partner, page: dict[str, Any]) -> Imported:
    """Import a page of a partner's index: idempotent, in order, each record in a transaction of its own.

    Raises:
        PartnerError: the partner is not pinned, or frozen.
        HistoryError: the partner's log shrank, forked or renumbered our index; the partner is frozen.
        TransferError: bytes that do not match the log; kept as a refusal, and nothing after them was imported.
    """
    partner.refresh_from_db()
    if partner.state != PartnerState.PINNED:
        raise PartnerError(f"{partner.node} is {partner.get_state_display()}; nothing is imported from it.")
    identity = identity_of(partner)
    try:
        checkpoint = _verify_history(partner, identity, page)
        result = Imported(checkpoint)
        vouched = Vouched(page["checkpoint"], Inclusion(checkpoint.size, checkpoint.root))
        for entry in page["entries"]:
            _import_entry(partner, vouched, entry, result)
    except HistoryError as error:
        freeze(Actor.operator("job"), partner.node, str(error))
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TransferError(f"{partner.node} sent a page that has not the form of one: {error!r}.") from error
    return result


def _verify_history(partner: Partner, identity: Identity, page: dict[str, Any]) -> Checkpoint:
    """Check that the partner's log only grew since we last looked, and remember its new checkpoint."""
    text = page["checkpoint"]
    try:
        checkpoint = open_checkpoint(text, identity)
    except TrustError as error:
        raise TransferError(f"The checkpoint of {partner.node} does not verify: {error}", code=error.code) from error
    if checkpoint.size < partner.their_size:
        raise HistoryError(
            f"The log of {partner.node} shrank from {partner.their_size} to {checkpoint.size} leaves.",
            code="log-shrank",
        )
    if partner.their_size:
        _verify_growth(partner, checkpoint, [b64decode(node) for node in page["consistency"]])
    if checkpoint.size > partner.their_size:
        partner.their_size, partner.their_checkpoint = checkpoint.size, text
        partner.save(update_fields=["their_size", "their_checkpoint"])
    return checkpoint


def _verify_growth(partner: Partner, new: Checkpoint, path: list[bytes]) -> None:
    """Prove that the checkpoint we know is a prefix of the new one (RFC 6962 section 2.1.2)."""
    old = Checkpoint.parse(note.split(partner.their_checkpoint)[0])  # verified when kept, perhaps under older keys
    if old.size == new.size and old.root == new.root:
        return
    try:
        verify_consistency(old.size, old.root, new.size, new.root, path)
    except TrustError as error:
        raise HistoryError(
            f"The log of {partner.node} forked: its {new.size} leaves do not continue the {old.size} verified before.",
            code="log-forked",
        ) from error


def _import_entry(partner: Partner, vouched: Vouched, entry: dict[str, Any], result: Imported) -> None:
    """Import one entry, or keep it as a refusal with its reason."""
    position = int(entry["position"])
    if position <= partner.position:
        return
    if position != partner.position + 1:
        raise HistoryError(
            f"{partner.node} numbered an entry {position} after {partner.position}: something meant for us is missing.",
            code="gap",
        )
    try:
        with transaction.atomic():
            result.records += _accept(partner, vouched, entry)
    except RefusedError as error:
        result.refused.append(_refuse(partner, position, entry, error))
        with transaction.atomic():
            _advance(partner, entry)
    except TransferError as error:
        result.refused.append(_refuse(partner, position, entry, error))
        raise


def _accept(partner: Partner, vouched: Vouched, entry: dict[str, Any]) -> list[Record]:
    """Verify an entry, store its record, tell the modules; everything in the caller's transaction."""
    raw = _opened(partner, entry)
    path = [b64decode(node) for node in entry["path"]]
    leaf = leaf_hash(raw)
    try:
        vouched.inclusion.verify(leaf, int(entry["index"]), path)
    except TrustError as error:
        raise TransferError(
            f"Entry {entry['position']} is not in the log of {partner.node}: {error}", code=error.code
        ) from error
    if link(bytes(partner.chain), leaf.hex()) != b64decode(entry["chain"]):
        raise HistoryError(
            f"{partner.node} changed what it had numbered for us before {entry['position']}.",
            code="renumbered",
        )
    record = _acceptable(partner, raw, int(entry["index"]))
    _advance(partner, entry)
    if Record.objects.filter(hash=record.hash).exists():
        return []
    record.proof = format_proof(record.leaf_index, path, vouched.text)
    record.save(force_insert=True)
    Attachment.objects.bulk_create(attachment_rows(record))
    _tell_modules(record)
    return [record]


def _opened(partner: Partner, entry: dict[str, Any]) -> bytes:
    """The canonical bytes of an entry, unsealed if need be."""
    if "sealed" not in entry:
        return str(entry["record"]).encode()
    context = seal_context(own.node_id(), int(entry["position"]))
    try:
        return open_sealed(entry["sealed"], own.node_keys(), sender=partner.node, context=context)
    except TrustError as error:
        raise TransferError(
            f"Entry {entry['position']} of {partner.node} cannot be opened: {error}", code=error.code
        ) from error


def _acceptable(partner: Partner, raw: bytes, leaf_index: int) -> Record:
    """Check what the issuer really signed against our rules.

    Raises:
        RefusedError: with the reason, which sending it again would not change.
    """
    try:
        header = parse_record(raw).header
        require_usable(header.suite, datetime.now(UTC).date())
    except TrustError as error:
        raise RefusedError(str(error), code=error.code) from error
    if header.issuer != partner.node:
        raise RefusedError(f"{partner.node} logged a record that names {header.issuer} as its issuer.", code="issuer")
    decision = gate.decide(header.tlp, header.audience, own.node_id(), pinned=True)
    if not decision.allowed:
        raise RefusedError(f"The record should not have been sent here: {decision.reason}", code="audience")
    record = row(raw, leaf_index, received=timezone.now())
    kind = kinds.find(record.kind)
    if kind is not None:
        try:
            kind.validate(record.body)
        except ValueError as error:
            raise RefusedError(f"This is not a valid {record.kind}: {error}", code="body") from error
    if Record.objects.filter(pk=record.pk).exclude(hash=record.hash).exists():
        raise RefusedError(f"The id {record.pk} is taken by another record.", code="duplicate-id")
    return record


def _tell_modules(record: Record) -> None:
    """Let the record's kind and everybody who watches do their part, in the same transaction."""
    apply_withdrawal(record)
    kind = kinds.find(record.kind)
    if kind is not None:
        kind.arrived(record)
    kinds.record_added.send(Record, record=record)


def accept_attachment(partner: Partner, attachment: Attachment, received: bytes) -> None:
    """Keep a file of a partner's record, unsealed if need be, and tell whoever waits for it.

    Raises:
        TransferError: it does not open, or is not the file that the record names.
    """
    data = _opened_attachment(partner, attachment, received)
    if len(data) != attachment.size or blobs.hash_of(data) != attachment.hash:
        raise TransferError(f"The file {attachment.name} that arrived is not the one that its record names.")
    blobs.put(data)
    with transaction.atomic():
        attachment.is_here = True
        attachment.save(update_fields=["is_here"])
        blobs.attachment_arrived.send(Attachment, record=attachment.record, hash=attachment.hash)


def _opened_attachment(partner: Partner, attachment: Attachment, received: bytes) -> bytes:
    """The bytes of a file; it is sealed when its record's audience is narrow."""
    record = attachment.record
    if not gate.is_narrow(record.audience):
        return received
    context = attachment_context(own.node_id(), str(record.pk), attachment.hash)
    try:
        return open_sealed(orjson.loads(received), own.node_keys(), sender=partner.node, context=context)
    except (TrustError, ValueError) as error:
        raise TransferError(f"The file {attachment.name} of {partner.node} cannot be opened: {error}") from error


def _advance(partner: Partner, entry: dict[str, Any]) -> None:
    """Keep progress: the entry's position and chain are done."""
    partner.position = int(entry["position"])
    partner.chain = b64decode(entry["chain"])
    partner.save(update_fields=["position", "chain"])


def _refuse(partner: Partner, position: int, entry: dict[str, Any], error: ExchangeError) -> Refusal:
    """Keep what was refused, once, with its reason; forget the progress that the failed transaction left in memory."""
    partner.refresh_from_db(fields=["position", "chain"])
    data = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
    refusal, _created = Refusal.objects.get_or_create(
        partner=partner,
        position=position,
        digest=hashlib.sha256(data).hexdigest(),
        defaults={"code": error.code, "sentence": str(error), "data": data},
    )
    return refusal
