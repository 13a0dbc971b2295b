"""Importing what a partner numbered for us: verify history, then each record, and keep progress record by record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from sild.exchange import entries, history, kinds
from sild.exchange.entries import Entry, Vouched
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError, HistoryError, PartnerError, RefusedError, StaleError, TransferError
from sild.exchange.models import Partner, Record, Refusal
from sild.exchange.outgoing import URGENT
from sild.exchange.partners import freeze, identity_of
from sild.exchange.rows import attachment_rows
from sild.exchange.services import apply_withdrawals
from sild.people.actor import Actor
from sild.people.inserting import insert
from sild.trust.verify import Inclusion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.trust.checkpoint import Checkpoint

logger = structlog.get_logger(__name__)
# Records of one transaction: enough that the commit's flush to disk is shared, few enough that others may write soon.
BATCH = 256
PROGRESS = ["position", "chain", "urgent_position", "urgent_chain"]


@dataclass(slots=True)
class Imported:
    """What one page brought."""

    checkpoint: Checkpoint
    records: list[Record] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def import_page(partner: Partner, page: dict[str, Any], *, have: int | None = None, carried: bool = False) -> Imported:
    """Import a page of a partner's index: idempotent, in order, in batches that fall back to record by record.

    Args:
        partner: whose page it is.
        page: as `outgoing.page` makes it.
        have: the size of the partner's log that we named when we asked for it; None for what is known now.
        carried: it came by hand and not over the partner's own link. A courier could spoil it, so that a contradiction
            freezes the partner only when two of its own signatures prove it.

    Raises:
        PartnerError: the partner is not pinned, or frozen.
        HistoryError: the partner's log shrank, forked or renumbered our index; the partner is frozen.
        TransferError: bytes that do not match the log; kept as a refusal, and nothing after them was imported.
    """
    partner.refresh_from_db()
    if partner.state != PartnerState.PINNED:
        raise PartnerError(f"{partner.node} is {partner.get_state_display()}; nothing is imported from it.")
    try:
        return _import(partner, page, have)
    except HistoryError as error:
        if carried and not error.proven:
            raise TransferError(str(error), code=error.code) from error
        freeze(Actor.operator("job"), partner.node, str(error))
        raise


def _import(partner: Partner, page: dict[str, Any], have: int | None) -> Imported:
    """Verify the page's checkpoint, then import its entries."""
    history.check_page(partner, page)
    checkpoint = history.verified_checkpoint(partner, identity_of(partner), page, have=have)
    history.remember(partner, checkpoint, page["checkpoint"])
    result = Imported(checkpoint)
    vouched = Vouched(partner.node, page["checkpoint"], Inclusion(checkpoint.size, checkpoint.root))
    pending, missing = _pending(partner, page["entries"])
    for start in range(0, len(pending), BATCH):
        _import_some(partner, vouched, pending[start : start + BATCH], result)
    if missing:
        raise missing
    return result


def _pending(partner: Partner, plain: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], HistoryError | None]:
    """The entries that follow what we have, without a gap; and the gap, if there is one."""
    pending: list[dict[str, Any]] = []
    have = partner.positions
    for entry in plain:
        position = entry.get("position")
        if type(position) is not int or position < 1:
            raise TransferError(f"{partner.node} sent an entry without a position.", code="page-form")
        urgent = entry.get("lane") == URGENT
        last = have[urgent]
        if position <= last:
            continue
        if position != last + 1:
            return pending, HistoryError(
                f"{partner.node} numbered an entry {position} after {last}: something meant for us is missing.",
                code="gap",
            )
        pending.append(entry)
        have[urgent] = position
    return pending, None


def _import_some(partner: Partner, vouched: Vouched, plain: list[dict[str, Any]], result: Imported) -> None:
    """Import entries in one transaction; when one of them does not go in, each in a transaction of its own."""
    if len(plain) > 1:
        try:
            result.records += _accept(partner, vouched, plain)
        except StaleError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it was, going one by one finds its entry and raises it
            partner.refresh_from_db(fields=PROGRESS)
            logger.warning("batch falls back to single records", partner=partner.node, why=str(error))
        else:
            return
    for entry in plain:
        _import_one(partner, vouched, entry, result)


def _import_one(partner: Partner, vouched: Vouched, plain: dict[str, Any], result: Imported) -> None:
    """Import one entry, or keep it as a refusal with its reason."""
    try:
        result.records += _accept(partner, vouched, [plain])
    except RefusedError as error:
        with transaction.atomic():
            result.refused.append(_refuse(partner, plain, error))
            _advance(partner, [entries.read(partner.node, plain)])
    except StaleError:
        raise
    except TransferError as error:
        result.refused.append(_refuse(partner, plain, error))
        raise


@transaction.atomic
def _accept(partner: Partner, vouched: Vouched, plain: Sequence[dict[str, Any]]) -> list[Record]:
    """Verify entries, store their records and our progress, tell the modules: all of it or nothing."""
    if Partner.objects.select_for_update(no_key=True).get(pk=partner.pk).positions != partner.positions:
        raise StaleError(f"Another process has imported from {partner.node} since this page was asked for.")
    read = [entries.read(partner.node, one) for one in plain]
    _check_continues(partner, read)
    new = _new(entries.check_all(vouched, read, partner.chains))
    _advance(partner, read)
    insert(new)
    insert([row for record in new for row in attachment_rows(record)])
    _tell_modules(new)
    return new


def _check_continues(partner: Partner, read: Sequence[Entry]) -> None:
    """Refuse entries that do not follow what is here: they did when the page came, so another process was quicker."""
    have = partner.positions
    for entry in read:
        if entry.position != have[entry.is_urgent] + 1:
            raise StaleError(f"Another process has imported from {partner.node} since this page was asked for.")
        have[entry.is_urgent] = entry.position


def _new(records: list[Record]) -> list[Record]:
    """Those of the records that are not here yet.

    Raises:
        RefusedError: an id is taken by other bytes.
    """
    known = Record.objects.filter(Q(hash__in=[one.hash for one in records]) | Q(pk__in=[one.pk for one in records]))
    hashes = dict(known.values_list("pk", "hash"))
    new = []
    for record in records:
        if hashes.setdefault(record.pk, "") not in {"", record.hash}:
            raise RefusedError(f"The id {record.pk} is taken by another record.", code="duplicate-id")
        if not hashes[record.pk]:
            hashes[record.pk] = record.hash
            new.append(record)
    return new


def _tell_modules(records: list[Record]) -> None:
    """Let each record's kind and everybody who watches do their part, in the same transaction."""
    apply_withdrawals(records)
    for record in records:
        kind = kinds.find(record.kind)
        if kind is not None:
            kind.arrived(record)
    kinds.announce(records)


def _advance(partner: Partner, done: Sequence[Entry]) -> None:
    """Keep progress: the entries are done, in each index up to the last of them."""
    for entry in done:
        if entry.is_urgent:
            partner.urgent_position, partner.urgent_chain = entry.position, entry.chain
        else:
            partner.position, partner.chain = entry.position, entry.chain
    partner.save(update_fields=PROGRESS)


def _refuse(partner: Partner, entry: dict[str, Any], error: ExchangeError) -> Refusal:
    """Keep what was refused with its reason, once for each entry however often it comes.

    Forgets the progress that the failed transaction left in memory.
    """
    partner.refresh_from_db(fields=PROGRESS)
    data = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
    latest: dict[str, Any] = {"code": error.code, "sentence": str(error), "data": data, "at": timezone.now()}
    refusal, _created = Refusal.objects.update_or_create(
        partner=partner,
        urgent=entry.get("lane") == URGENT,
        position=entry["position"],
        defaults={**latest, "count": F("count") + 1},
        create_defaults={**latest, "first": latest["at"]},
    )
    refusal.refresh_from_db(fields=["count"])
    return refusal
