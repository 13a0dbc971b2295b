"""A log that went back is made whole again from what partners have of it.

Only the very leaves that were signed bring back the very root that was signed, so nothing has to be believed: when the
rebuilt tree has another root, nothing is changed.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import guard, kinds, log, numbering, own, rows, services
from sild.exchange.client import Client
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError, LogHeldError
from sild.exchange.log_models import Checkpoint
from sild.exchange.models import KEPT_TO_AGENCY, Delivery, Partner, Record
from sild.people import audit
from sild.people.enums import Right
from sild.people.inserting import insert
from sild.trust import note
from sild.trust.errors import TrustError
from sild.trust.record import Parsed, parse_record
from sild.trust.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from sild.people.actor import Actor
    from sild.people.models import Agency
    from sild.trust.checkpoint import Checkpoint as SignedCheckpoint

logger = structlog.get_logger(__name__)
PAGE_RECORDS = 256
PAGE_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Gathered:
    """What partners gave back.

    Attributes:
        records: by leaf, as they were signed.
        read: how far each partner read each of its indexes here, by whether it is urgent, and the chain there (base64).
    """

    records: dict[int, Parsed] = field(default_factory=dict)
    read: dict[str, dict[bool, tuple[int, str]]] = field(default_factory=dict)


def held_for(partner: Partner, first: int) -> dict[str, Any]:
    """For a partner that lost data: its own records that we have from a leaf on, and how far we read its index."""
    rows = Record.objects.filter(issuer=partner.node, leaf_index__gte=first).exclude(received=None)
    given: list[dict[str, Any]] = []
    size, more = 0, False
    for record in rows.order_by("leaf_index")[: PAGE_RECORDS + 1]:
        size += len(record.raw)
        if len(given) == PAGE_RECORDS or (given and size > PAGE_BYTES):
            more = True
            break
        given.append({"index": record.leaf_index, "record": bytes(record.raw).decode()})
    chains = {lane: b64encode(chain).decode() for lane, chain in partner.chains.items()}
    return {
        "records": given,
        "more": more,
        "read": [[lane, partner.positions[lane], chains[lane]] for lane in (False, True)],
    }


def recover(actor: Actor, agency: Agency | None = None, open_client: Callable[[Partner], Client] = Client.to) -> int:
    """Fetch the records that were lost back from partners and rebuild the log that was signed; returns how many.

    What was published here since the log went back was never signed; it keeps its content and gets places behind.

    Args:
        actor: an administrator.
        agency: to whom records belong that agencies keep to themselves; their origin here is lost with the database.
        open_client: makes the link to a partner.

    Raises:
        LogHeldError: the log is whole, partners do not have all that is missing, or it leads to another root.
    """
    actor.require(Right.ADMINISTER)
    target, first = _target()
    gathered = _gather(first, target.size, open_client)
    lost = target.size - first - len(gathered.records)
    if lost:
        raise LogHeldError(
            _("Partners have %(found)s of the %(wanted)s records that are missing. Try again when others can be "
              "reached, restore a newer backup, or: sild log end")
            % {"found": len(gathered.records), "wanted": target.size - first},
            code="log-incomplete",
        )  # fmt: skip
    with transaction.atomic():
        count = _rebuild(target, first, gathered, agency)
        audit.note(actor, "exchange.recover-log", own.node_id(), size=target.size, first=first, records=count)
    return count


def _target() -> tuple[SignedCheckpoint, int]:
    """The checkpoint that was signed, and the first leaf that is missing."""
    target = guard.marks().furthest()
    first = Checkpoint.objects.values_list("size", flat=True).first() or 0
    if target is None or target.size <= first:
        raise LogHeldError(_("This node's log has all that was signed; there is nothing to recover."), code="whole")
    return target, first


def _gather(first: int, end: int, open_client: Callable[[Partner], Client]) -> Gathered:
    """Ask every partner for the records from `first` to before `end`."""
    gathered = Gathered()
    for partner in Partner.objects.exclude(state=PartnerState.ADDED):
        try:
            with open_client(partner) as client:
                _ask(client, partner, gathered, first, end)
        except (ExchangeError, TrustError, KeyError, TypeError, ValueError) as error:
            logger.warning("partner gave nothing back", partner=partner.node, why=str(error))
    return gathered


def _ask(client: Client, partner: Partner, gathered: Gathered, first: int, end: int) -> None:
    """Take what one partner has, page by page; what names another issuer is passed over."""
    more = True
    while more and first < end:
        answer = client.held(first)
        for one in answer["records"]:
            parsed = parse_record(one["record"].encode())
            if first <= one["index"] < end and parsed.header.issuer == own.node_id():
                gathered.records.setdefault(one["index"], parsed)
        gathered.read[partner.node] = {bool(lane): (int(at), str(chain)) for lane, at, chain in answer["read"]}
        more = bool(answer["more"]) and bool(answer["records"])
        first = answer["records"][-1]["index"] + 1 if answer["records"] else end


def _rebuild(target: SignedCheckpoint, first: int, gathered: Gathered, agency: Agency | None) -> int:
    """Put the records in their places, and what was never signed behind them; then sign."""
    state, tree = log.lock(), Tree(log.DatabaseTiles())
    waiting = _move_behind(first, target.size)
    records = [
        rows.row(gathered.records[index], index, agency=_agency(gathered.records[index], agency))
        for index in range(first, target.size)
    ]
    tree.append(first, [bytes.fromhex(record.hash.removeprefix("sha256:")) for record in records])
    if tree.root(target.size) != target.root:
        raise LogHeldError(
            _("What partners gave back does not lead to the root that was signed. Nothing was changed."),
            code="log-incomplete",
        )
    Checkpoint.objects.create(size=target.size, text=_own_lines(guard.marks().text()))
    insert(records)
    insert([row for record in records for row in rows.attachment_rows(record)])
    _number(records, waiting, gathered)
    services.apply_withdrawals(records)
    kinds.announce(records)
    state.size = tree.append(target.size, [bytes.fromhex(one.hash.removeprefix("sha256:")) for one in waiting])
    state.save(update_fields=["size"])
    newest = log.sign(state, tree) if waiting else Checkpoint.objects.get(size=target.size)
    transaction.on_commit(lambda: guard.hold(newest, begin=True))
    return len(records)


def _move_behind(first: int, end: int) -> list[Record]:
    """Give records that were never signed places from `end` on; their numbers for partners were never seen either."""
    waiting = list(Record.objects.filter(received=None, leaf_index__gte=first).order_by("leaf_index"))
    Delivery.objects.filter(record__in=waiting).delete()
    for record in reversed(waiting):
        record.leaf_index += end - first
        record.save(update_fields=["leaf_index"])
    return waiting


def _agency(parsed: Parsed, agency: Agency | None) -> Agency | None:
    """To whom a recovered record belongs."""
    if parsed.header.tlp in KEPT_TO_AGENCY and agency is None:
        raise LogHeldError(
            _("A recovered record is marked %(tlp)s, which an agency keeps to itself. Say whose: "
              "sild log recover --agency SHORT-NAME")
            % {"tlp": parsed.header.tlp},
            code="agency",
        )  # fmt: skip
    return agency


def _number(records: list[Record], waiting: list[Record], gathered: Gathered) -> None:
    """Number the records for partners as they were numbered before, which their chains must show."""
    partners = list(Partner.objects.exclude(state=PartnerState.ADDED))
    numbering.enqueue(records, partners)
    for partner in partners:
        for urgent, (position, chain) in gathered.read.get(partner.node, {}).items():
            row = Delivery.objects.on_index(partner, urgent=urgent).filter(position=position).first()
            if position and (row is None or b64encode(bytes(row.chain)).decode() != chain):
                raise LogHeldError(
                    _("The records do not make the index that %(node)s has read. Nothing was changed.")
                    % {"node": partner.node},
                    code="renumbered",
                )
    numbering.enqueue(waiting, partners)


def _own_lines(text: str) -> str:
    """A checkpoint with its log's signatures alone."""
    body, lines = note.split(text)
    return note.join(body, [line for line in lines if line.name == own.node_keys().log_origin])
