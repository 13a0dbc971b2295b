"""One entry of a partner's index: opened, proved, and held against our rules; nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from sild.exchange import gate, kinds, own
from sild.exchange.errors import HistoryError, RefusedError, TransferError
from sild.exchange.numbering import link
from sild.exchange.outgoing import URGENT, seal_context
from sild.exchange.rows import row
from sild.trust.encoding import unb64
from sild.trust.errors import TrustError
from sild.trust.proof import format_proof, read_path
from sild.trust.record import HASH, parse_record
from sild.trust.seal import open_sealed
from sild.trust.suites import require_usable
from sild.trust.tree import HASH_BYTES, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.exchange.models import Record
    from sild.trust.verify import Inclusion

PLACE = frozenset({"position", "index", "path", "chain"})
CONTENTS = ("record", "sealed", "withdrawn")
FORMS = tuple(place | {content} for place in (PLACE, PLACE | {"lane"}) for content in CONTENTS)


@dataclass(frozen=True, slots=True)
class Vouched:
    """The verified checkpoint that vouches for a page's entries, verbatim and as something to check proofs against."""

    node: str
    text: str
    inclusion: Inclusion


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry whose form was checked.

    Attributes:
        position: its number in the index that the partner keeps for us.
        index: its leaf in the partner's log.
        path: the inclusion proof.
        chain: SHA-256 over all leaves of our index up to it.
        content: the record in the open, or sealed for us, or the hash of one that was taken back before it left.
        form: which of them: `record`, `sealed` or `withdrawn`.
        is_urgent: which of the two indexes it is numbered in.
    """

    position: int
    index: int
    path: tuple[bytes, ...]
    chain: bytes
    content: Any
    form: str
    is_urgent: bool


def read(node: str, plain: dict[str, Any]) -> Entry:
    """Check an entry's form.

    Raises:
        TransferError: code `entry-form`.
    """
    try:
        _check_members(plain)
        path = read_path(plain["path"])
        chain = unb64(plain["chain"])
    except (ValueError, TypeError) as error:
        raise TransferError(
            f"Entry {plain.get('position')} of {node} has not the form of one: {error}.", code="entry-form"
        ) from error
    form = next(one for one in CONTENTS if one in plain)
    return Entry(plain["position"], plain["index"], path, chain, plain[form], form, "lane" in plain)


def _check_members(plain: dict[str, Any]) -> None:
    """Raise ValueError or TypeError when members are missing, unknown or of another type."""
    if frozenset(plain) not in FORMS:
        raise ValueError("its members are not those of an entry")
    if plain.get("lane", URGENT) != URGENT:
        raise ValueError("its lane is not “urgent”")
    if type(plain["index"]) is not int:
        raise ValueError("its index is no number")
    if not isinstance(plain.get("sealed", {}), dict) or not isinstance(plain.get("record", ""), str):
        raise TypeError("its record is of another type")
    if "withdrawn" in plain and not (isinstance(plain["withdrawn"], str) and HASH.fullmatch(plain["withdrawn"])):
        raise ValueError("its hash is not sha256: and 64 hex digits")


def check_all(vouched: Vouched, entries: Sequence[Entry], chains: dict[bool, bytes]) -> list[Record]:
    """The records in entries that follow one another in each index, not yet saved.

    One that the partner took back before it left is proved like the others and brings no record.

    Args:
        vouched: the checkpoint that their inclusion is proved under.
        entries: what arrived.
        chains: of the entry before the first, by whether it is the urgent index.

    Raises:
        TransferError: bytes that are not what the partner's log commits to, or that came in the open.
        HistoryError: code `renumbered`.
        RefusedError: the partner logged it, but our rules do not let it in.
    """
    raws = [None if entry.form == "withdrawn" else _opened(vouched.node, entry) for entry in entries]
    leaves = [
        bytes.fromhex(entry.content.removeprefix("sha256:")) if raw is None else leaf_hash(raw)
        for entry, raw in zip(entries, raws, strict=True)
    ]
    _prove(vouched, entries, leaves)
    records = []
    known = dict(chains)
    for entry, raw, leaf in zip(entries, raws, leaves, strict=True):
        if link(known[entry.is_urgent], leaf.hex()) != entry.chain:
            raise HistoryError(
                f"{vouched.node} changed what it had numbered for us before {entry.position}.", code="renumbered"
            )
        if raw is not None:
            records.append(_admitted(vouched, entry, raw))
        known[entry.is_urgent] = entry.chain
    return records


def _prove(vouched: Vouched, entries: Sequence[Entry], leaves: Sequence[bytes]) -> None:
    """Check every entry's inclusion proof, those of neighbours in the log together; a flaw is found one by one."""
    for _offset, run in groupby(range(len(entries)), lambda place: entries[place].index - place):
        places = list(run)
        if not _proved_together(vouched, [entries[place] for place in places], [leaves[place] for place in places]):
            for place in places:
                _prove_one(vouched, entries[place], leaves[place])


def _proved_together(vouched: Vouched, entries: Sequence[Entry], leaves: Sequence[bytes]) -> bool:
    """Whether neighbours in the log are proved; a hash of another length is left to the check one by one."""
    if any(len(node) != HASH_BYTES for entry in entries for node in entry.path):
        return False
    try:
        vouched.inclusion.verify_run(entries[0].index, leaves, [b"".join(entry.path) for entry in entries])
    except TrustError:
        return False
    return True


def _prove_one(vouched: Vouched, entry: Entry, leaf: bytes) -> None:
    """Check one entry's inclusion proof."""
    try:
        vouched.inclusion.verify(leaf, entry.index, entry.path)
    except TrustError as error:
        raise TransferError(
            f"Entry {entry.position} is not in the log of {vouched.node}: {error}", code=error.code
        ) from error


def _admitted(vouched: Vouched, entry: Entry, raw: bytes) -> Record:
    """The record in an entry that is proved, once our rules let it in."""
    record = _acceptable(vouched.node, raw, entry.index)
    if record.urgent != entry.is_urgent:
        raise RefusedError(f"{vouched.node} numbered a record as what it does not say: urgent, or not.", code="lane")
    if gate.is_narrow(record.audience) and entry.form != "sealed":
        raise TransferError(
            f"Entry {entry.position} of {vouched.node} is for named nodes and came in the open.", code="unsealed"
        )
    record.proof = format_proof(entry.index, entry.path, vouched.text)
    return record


def _opened(node: str, entry: Entry) -> bytes:
    """The canonical bytes of an entry, unsealed if need be."""
    if entry.form == "record":
        return str(entry.content).encode()
    context = seal_context(own.node_id(), entry.position, urgent=entry.is_urgent)
    try:
        return open_sealed(entry.content, own.node_keys(), sender=node, context=context)
    except TrustError as error:
        raise TransferError(f"Entry {entry.position} of {node} cannot be opened: {error}", code=error.code) from error


def _acceptable(node: str, raw: bytes, leaf_index: int) -> Record:
    """Check what the issuer really signed against our rules.

    Raises:
        RefusedError: with the reason, which sending it again would not change.
    """
    try:
        parsed = parse_record(raw)
        require_usable(parsed.header.suite, datetime.now(UTC).date())
    except TrustError as error:
        raise RefusedError(str(error), code=error.code) from error
    header = parsed.header
    if header.issuer != node:
        raise RefusedError(f"{node} logged a record that names {header.issuer} as its issuer.", code="issuer")
    decision = gate.decide(header.tlp, header.audience, own.node_id(), pinned=True)
    if not decision.allowed:
        raise RefusedError(f"The record should not have been sent here: {decision.reason}", code="audience")
    kind = kinds.find(header.kind)
    if kind is not None:
        try:
            kind.validate(parsed.body)
        except ValueError as error:
            raise RefusedError(f"This is not a valid {header.kind}: {error}", code="body") from error
    return row(parsed, leaf_index, received=timezone.now())
