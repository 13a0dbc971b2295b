"""A record as one file with its proof, and the verdict on it: no node, no network, no Django."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import orjson

from sild.trust.checkpoint import is_cosigned_by, log_kids, open_checkpoint, witness_time
from sild.trust.encoding import canonical
from sild.trust.errors import TrustError
from sild.trust.identity import Identity
from sild.trust.proof import parse_proof
from sild.trust.record import Parsed, parse_record
from sild.trust.suites import SUITES, require_usable
from sild.trust.tree import leaf_hash
from sild.trust.verify import verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = "sild-record/1"
MAX_FILE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be said of a record's file.

    Attributes:
        ok: whether everything held.
        sentence: the verdict for a person.
        code: `verified`, or what failed.
        issuer, kind, id, hash: of the record.
        index, tree_size: its place in the issuer's log, and the log's size at the checkpoint.
        signatures: algorithms of the issuer's signatures that hold, all of them required.
        fingerprint: of the issuer's identity in the file.
        serial: of that identity among those of its root.
        pinned: whether that fingerprint is the one that the caller has from the issuer's officials.
        issued: when the record says it was published.
        path: what proves it: `signature`, `renewal` or both.
        cosigned_by: witnesses whose cosignature holds; their identities come with the file and are not pinned.
    """

    ok: bool
    sentence: str
    code: str
    issuer: str = ""
    kind: str = ""
    id: str = ""
    hash: str = ""
    index: int = 0
    tree_size: int = 0
    signatures: tuple[str, ...] = ()
    fingerprint: str = ""
    pinned: bool = False
    serial: int = 0
    cosigned_by: tuple[str, ...] = ()
    issued: str = ""
    path: tuple[str, ...] = ("signature",)


def build_record_file(raw: bytes, proof: str, identity: bytes, witnesses: Sequence[bytes] = ()) -> bytes:
    """Put a record, its tlog-proof, its issuer's identity and those of witnesses into one file of JSON."""
    return canonical(
        {
            "format": FORMAT,
            "record": raw.decode(),
            "proof": proof,
            "identity": identity.decode(),
            "witnesses": [document.decode() for document in witnesses],
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What whoever verifies has from elsewhere than the file.

    Attributes:
        fingerprint: the issuer's, from its officials; dashes and case do not matter.
        newest: the issuer's newest identity document; says which keys were lost or compromised since.
        witnesses: fingerprints of witnesses, from their officials; only their word on the time counts.
        seen: when the record was already here, to the caller's own knowledge.
        on: today, if signatures of a suite that is retired by then are to count no more; see `renewal`.
    """

    fingerprint: str | None = None
    newest: bytes | None = None
    witnesses: frozenset[str] = frozenset()
    seen: datetime | None = None
    on: date | None = None


def verify_record_file(data: bytes, *, fingerprint: str | None = None, known: Known | None = None) -> Verdict:
    """Verify a record's file.

    Args:
        data: what `build_record_file` made.
        fingerprint: short for `known` with nothing else in it.
        known: what the caller has from elsewhere.

    Returns:
        A verdict; flaws of the file are verdicts too, never exceptions.
    """
    try:
        parts = take_apart(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Verdict(ok=False, code="file-form", sentence=f"Not a record's file: {error}.")
    try:
        return _verify(data, parts, known or Known(fingerprint=fingerprint))
    except TrustError as error:
        return Verdict(ok=False, code=error.code, sentence=f"Not verified: {error}")


def take_apart(data: bytes) -> tuple[bytes, str, bytes, list[bytes]]:
    """The parts of a file, unverified: record, proof, identity, witnesses; any flaw is a ValueError or the like."""
    if len(data) > MAX_FILE:
        raise ValueError(f"it has more than {MAX_FILE} bytes")
    content = orjson.loads(data)
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']}, not {FORMAT}")
    witnesses = [document.encode() for document in content["witnesses"]]
    return content["record"].encode(), str(content["proof"]), content["identity"].encode(), witnesses


def _verify(file: bytes, parts: tuple[bytes, str, bytes, list[bytes]], known: Known) -> Verdict:
    """Check the chain from identity to checkpoint to leaf."""
    raw, text, document, witnesses = parts
    record = parse_record(raw)
    header = record.header
    issued = date.fromisoformat(header.issued[:10])
    identity = Identity.parse(document, on=issued)
    suite = require_usable(header.suite, issued)
    if known.on is not None:
        require_usable(header.suite, known.on)
    if header.issuer != identity.node:
        raise TrustError(
            f"The record names {header.issuer} as its issuer, the proof is from {identity.node}.", code="issuer"
        )
    pinned = known.fingerprint is not None
    if pinned and plain(known.fingerprint or "") != plain(identity.fingerprint):
        raise TrustError(
            f"The issuer's fingerprint is {identity.fingerprint}, not {known.fingerprint}: "
            "somebody else made this file.",
            code="fingerprint",
        )
    proof = parse_proof(text)
    checkpoint = open_checkpoint(proof.checkpoint, identity)
    verify_inclusion(leaf_hash(record.raw), proof.index, checkpoint.size, proof.path, checkpoint.root)
    others = [Identity.parse(one, on=None) for one in witnesses]
    if known.newest is not None:
        require_unrevoked(log_kids(proof.checkpoint, identity), identity, known, file)
    return Verdict(
        ok=True,
        code="verified",
        sentence=_sentence(record, identity, pinned=pinned),
        issuer=identity.node,
        kind=header.kind,
        id=header.id,
        hash=record.hash,
        index=proof.index,
        tree_size=checkpoint.size,
        signatures=SUITES[suite.name].log,
        fingerprint=identity.fingerprint,
        pinned=pinned,
        serial=identity.serial,
        issued=header.issued,
        cosigned_by=tuple(one.node for one in others if is_cosigned_by(proof.checkpoint, one)),
    )


def _sentence(record: Parsed, identity: Identity, *, pinned: bool) -> str:
    """The good verdict, which says what it rests on."""
    whose = "the pinned fingerprint" if pinned else "the fingerprint in the file, which you should compare,"
    return f"Verified: {identity.node} published this {record.header.kind} under {whose} {identity.fingerprint}."


def require_unrevoked(kids: set[str], identity: Identity, known: Known, file: bytes | None) -> None:
    """Refuse what a key signed that was lost or compromised, unless it is known to be from before.

    A thief can write any time into what is signed with a stolen key; only the caller's own memory, or the cosignature
    of a witness whose fingerprint the caller knows, shows that it was there earlier.

    Args:
        kids: ids of the keys that signed.
        identity: the signer's.
        known: with `newest`, which says what was revoked.
        file: a verified record's file about what was signed, if there is one.

    Raises:
        TrustError: code `revoked`, or `fingerprint` when the newest identity is another node's.
    """
    newest = Identity.parse(known.newest or b"", on=None)
    if (newest.node, newest.fingerprint) != (identity.node, identity.fingerprint):
        raise TrustError("The newest identity is of another node or root than the signer's.", code="fingerprint")
    for one in newest.revoked:
        if one.kid in kids and one.reason != "superseded" and not _was_before(one.at, file, known):
            raise TrustError(
                f"The key that signed was {one.reason} on {one.at:%Y-%m-%d}, and nothing shows that this is older.",
                code="revoked",
            )


def _was_before(revoked: datetime, file: bytes | None, known: Known) -> bool:
    """Tell whether something is known to be older than a revocation."""
    if known.seen is not None and known.seen < revoked:
        return True
    if file is None:
        return False
    _record, text, _document, documents = take_apart(file)
    checkpoint = parse_proof(text).checkpoint
    witnesses = [Identity.parse(document, on=None) for document in documents]
    trusted = {plain(one) for one in known.witnesses}
    times = [witness_time(checkpoint, one) for one in witnesses if plain(one.fingerprint) in trusted]
    return any(time is not None and time < revoked.timestamp() for time in times)


def plain(fingerprint: str) -> str:
    """Fingerprints are compared however they are written: with or without dashes, in letters or in words."""
    from sild.trust.spoken import hear

    try:
        return hear(fingerprint)
    except ValueError:
        return "".join(character for character in fingerprint.upper() if character.isalnum())
