"""Evidence for decades: one new signature over all checkpoints that were ever verified (the idea of RFC 4998).

When an algorithm ages, the node puts the Merkle root over its old checkpoints into one new record, which is signed and
cosigned like any other, under the algorithms of that day. A record whose old checkpoint is among them is then proved
without its old signatures: record, inclusion proof, old checkpoint, renewal, new checkpoint. Only SHA-256 must hold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from sild.trust import note
from sild.trust.checkpoint import Checkpoint
from sild.trust.encoding import b64, canonical, unb64
from sild.trust.errors import ProofError, TrustError
from sild.trust.evidence import Known, Verdict, plain, take_apart, verify_record_file
from sild.trust.identity import Identity, log_origin
from sild.trust.proof import parse_proof
from sild.trust.record import parse_record
from sild.trust.tree import leaf_hash, levels_of
from sild.trust.verify import verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = "sild-renewal/1"
KIND = "trust.renewal"
MAX_FILE = 512 * 1024 * 1024


def leaf_of(checkpoint: str) -> bytes:
    """What a renewal holds of a checkpoint: the leaf hash of its text, without signatures."""
    return leaf_hash(note.split(checkpoint)[0].encode())


def arrange(leaves: Iterable[bytes]) -> list[bytes]:
    """The leaves once each, in the one order that their root stands for."""
    return sorted(set(leaves))


def root_of(leaves: list[bytes]) -> str:
    """`sha256:` and the Merkle root (RFC 6962) over arranged leaves in hex."""
    return "sha256:" + levels_of(leaves)[-1][0].hex()


def build_renewal_file(record: bytes, leaves: list[bytes]) -> bytes:
    """Put the file of a record of kind `trust.renewal` and the leaves under its root into one file of JSON."""
    return canonical({"format": FORMAT, "record": record.decode(), "leaves": [b64(leaf) for leaf in leaves]})


def verify_renewed(data: bytes, renewal: bytes, known: Known | None = None) -> Verdict:
    """Verify a record's file by its own signatures, and by a renewal; the verdict's `path` says which of them hold.

    Args:
        data: what `build_record_file` made.
        renewal: what `build_renewal_file` made, at any time later.
        known: what the caller has from elsewhere; `fingerprint` is the issuer's.
    """
    known = known or Known()
    direct = verify_record_file(data, known=known)
    try:
        renewed = _by_renewal(data, renewal, known)
    except (KeyError, TypeError, ValueError, AttributeError, TrustError) as error:
        sentence = f"{direct.sentence} The renewal does not prove it: {error}"
        return replace(direct, sentence=sentence)
    return replace(renewed, path=("signature", "renewal")) if direct.ok else renewed


def _by_renewal(data: bytes, renewal: bytes, known: Known) -> Verdict:
    """Follow the path over the renewal; the old signatures are not looked at."""
    raw, text, document, _witnesses = take_apart(data)
    record, proof, identity = parse_record(raw), parse_proof(text), Identity.parse(document, on=None)
    checkpoint = Checkpoint.parse(note.split(proof.checkpoint)[0])
    if checkpoint.origin != log_origin(record.header.issuer) or identity.node != record.header.issuer:
        raise ProofError("the record, its checkpoint and its identity name different issuers", code="issuer")
    verify_inclusion(leaf_hash(raw), proof.index, checkpoint.size, proof.path, checkpoint.root)
    whole = _renewal(renewal, leaf_of(proof.checkpoint), known, identity)
    pinned = known.fingerprint is not None and plain(known.fingerprint) == plain(identity.fingerprint)
    return Verdict(
        ok=True,
        code="verified",
        sentence=(
            f"Verified by the renewal of {whole.issued[:10]}: {record.header.issuer} published this "
            f"{record.header.kind}; {whole.issuer} vouched for its checkpoint anew under {whole.fingerprint}."
        ),
        issuer=record.header.issuer,
        kind=record.header.kind,
        id=record.header.id,
        hash=record.hash,
        index=proof.index,
        tree_size=checkpoint.size,
        signatures=whole.signatures,
        fingerprint=identity.fingerprint,
        pinned=pinned,
        serial=identity.serial,
        cosigned_by=whole.cosigned_by,
        issued=record.header.issued,
        path=("renewal",),
    )


def _renewal(renewal: bytes, leaf: bytes, known: Known, identity: Identity) -> Verdict:
    """The verdict on the renewal's own record, if the leaf is under its root."""
    content = orjson.loads(renewal[: MAX_FILE + 1])
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']}, not {FORMAT}")
    leaves, file = [unb64(one) for one in content["leaves"]], content["record"].encode()
    own = orjson.loads(take_apart(file)[0])["header"]["issuer"] == identity.node
    # A thief of a log key could make a renewal, too: what is known to be revoked counts for it as for any record.
    asked = Known(on=known.on, newest=known.newest if own else None, witnesses=known.witnesses)
    whole = verify_record_file(file, known=asked)
    if not whole.ok or whole.kind != KIND:
        raise ProofError(f"its record is not good. {whole.sentence}", code="renewal")
    if known.fingerprint is not None and plain(whole.fingerprint) not in _trusted(known):
        raise ProofError(f"it was made by {whole.issuer}, whose fingerprint you have not named", code="fingerprint")
    if whole.issuer == identity.node and whole.fingerprint != identity.fingerprint:
        raise ProofError("it was made under another root than the record's", code="fingerprint")
    if orjson.loads(orjson.loads(file)["record"])["body"]["root"] != root_of(leaves):
        raise ProofError("its leaves do not lead to the root that was signed", code="renewal")
    if leaf not in leaves:
        raise ProofError("the record's checkpoint is not in it", code="renewal")
    return whole


def _trusted(known: Known) -> set[str]:
    """Whose renewal counts: the issuer's own, or that of a witness that the caller knows."""
    return {plain(one) for one in (known.fingerprint or "", *known.witnesses)}
