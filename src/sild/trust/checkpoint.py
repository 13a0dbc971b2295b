"""C2SP tlog-checkpoint and tlog-cosignature: what a log says about itself, and what its witness says about it.

A checkpoint carries two signatures of its log, both required: Ed25519 (type 0x01) and ML-DSA-44 (type 0x06). A
witness adds an ML-DSA-44 cosignature (type 0x06), which commits to the witness's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sild.trust import note
from sild.trust.encoding import b64, unb64
from sild.trust.errors import SignatureError
from sild.trust.tree import HASH_BYTES

if TYPE_CHECKING:
    from sild.trust.identity import Identity, NodeKeys
    from sild.trust.keys import Public

LABEL = b"subtree/v1\n\x00"
TIMESTAMP_BYTES = 8
MAX_SIZE = 1 << 63


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's size and root.

    Attributes:
        origin: the log's name, as in `tallinn/log`.
        size: number of leaves.
        root: root hash, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text (tlog-checkpoint, Note text)."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the note's text; extension lines are refused, since ML-DSA cosignatures do not cover them.

        Raises:
            SignatureError: it has not the form of a checkpoint.
        """
        try:
            origin, size, root = text.removesuffix("\n").split("\n")
            parsed = cls(origin, int(size), unb64(root))
        except ValueError as error:
            raise SignatureError(
                "A checkpoint has three lines: origin, size, root hash.", code="checkpoint-form"
            ) from error
        if parsed.text != text or len(parsed.root) != HASH_BYTES or not 0 <= parsed.size < MAX_SIZE:
            raise SignatureError(
                "The checkpoint's size or root is not in the one allowed form.", code="checkpoint-form"
            )
        return parsed


def cosigned_message(cosigner: str, timestamp: int, checkpoint: Checkpoint) -> bytes:
    """The bytes that an ML-DSA-44 cosignature signs (tlog-cosignature, ML-DSA-44 signed message)."""
    name, origin = cosigner.encode(), checkpoint.origin.encode()
    return b"".join(
        [
            LABEL,
            bytes([len(name)]) + name,
            timestamp.to_bytes(8, "big"),
            bytes([len(origin)]) + origin,
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        ]
    )


def sign_checkpoint(keys: NodeKeys, checkpoint: Checkpoint, *, timestamp: int) -> str:
    """Sign a checkpoint with both keys of the log.

    Args:
        keys: of the node whose log this is.
        checkpoint: with the node's own origin.
        timestamp: POSIX seconds, for the ML-DSA-44 signature.
    """
    pair = keys.log["Ed25519"]
    identifier = note.key_id(checkpoint.origin, note.ED25519, pair.public.raw)
    classical = note.Line(checkpoint.origin, identifier, pair.sign(checkpoint.text.encode()))
    return note.join(checkpoint.text, [classical, _cosignature(keys, checkpoint.origin, checkpoint, timestamp)])


def open_checkpoint(text: str, identity: Identity) -> Checkpoint:
    """Verify a checkpoint: its log's own two signatures must both be there and hold.

    Raises:
        SignatureError: code `note-form`, `checkpoint-form`, `origin`, `missing-signature` or `bad-signature`.
    """
    body, lines = note.split(text)
    checkpoint = Checkpoint.parse(body)
    if checkpoint.origin != identity.log_origin:
        raise SignatureError(
            f"The checkpoint is of the log {checkpoint.origin}, not of {identity.log_origin}.", code="origin"
        )
    keys = _log_keys(lines, identity)
    key = keys["Ed25519"]
    line = _find(lines, checkpoint.origin, note.key_id(checkpoint.origin, note.ED25519, key.raw), "Ed25519")
    if not key.verifies(line.signature, body.encode()):
        raise SignatureError("The checkpoint's Ed25519 signature does not hold.", code="bad-signature")
    _verify_cosignature(lines, checkpoint.origin, keys["ML-DSA-44"], checkpoint)
    return checkpoint


def is_signed_under(text: str, identity: Identity) -> bool:
    """Tell whether a checkpoint names a log key of this identity document; nothing is verified."""
    lines = note.split(text)[1]
    return any(_names(lines, identity.log_origin, keys) for keys in identity.generations("log"))


def log_kids(text: str, identity: Identity) -> set[str]:
    """Ids of the log keys with which a verified checkpoint was signed."""
    return {key.kid for key in _log_keys(note.split(text)[1], identity).values()}


def witness_time(text: str, witness: Identity) -> int | None:
    """POSIX seconds at which the witness cosigned the checkpoint; None when it did not.

    Raises:
        SignatureError: there is a line of that witness's key that does not hold (signed-note: reject the note).
    """
    body, lines = note.split(text)
    name = witness.witness_name
    for keys in witness.generations("log"):
        identifier = note.key_id(name, note.ML_DSA_44_COSIGNATURE, keys["ML-DSA-44"].raw)
        mine = [line for line in lines if (line.name, line.key_id) == (name, identifier)]
        if mine:
            return _verify_cosignature(mine, name, keys["ML-DSA-44"], Checkpoint.parse(body))
    return None


def cosign(text: str, keys: NodeKeys, *, timestamp: int) -> str:
    """As witness, sign a checkpoint that was verified and found consistent; returns the signature line."""
    checkpoint = Checkpoint.parse(note.split(text)[0])
    return str(_cosignature(keys, keys.witness_name, checkpoint, timestamp))


def add_cosignature(text: str, line: str) -> str:
    """A checkpoint with a witness's line added to it."""
    body, lines = note.split(text)
    return note.join(body, [*lines, note.parse_line(line)])


def verify_cosignature(text: str, line: str, witness: Identity) -> int:
    """Verify a witness's line on a checkpoint; returns its POSIX timestamp.

    Raises:
        SignatureError: it is not that witness's signature on this checkpoint.
    """
    timestamp = witness_time(add_cosignature(text, line), witness)
    if timestamp is None:
        raise SignatureError(f"The line is not of a key of {witness.witness_name}.", code="missing-signature")
    return timestamp


def is_cosigned_by(text: str, witness: Identity) -> bool:
    """Tell whether the checkpoint carries the witness's cosignature; see `witness_time` for the errors."""
    return witness_time(text, witness) is not None


def _log_keys(lines: list[note.Line], identity: Identity) -> dict[str, Public]:
    """The log keys, current or overlapping, that the signature lines name; the current ones when they name none."""
    named = (keys for keys in identity.generations("log") if _names(lines, identity.log_origin, keys))
    return next(named, identity.log)


def _names(lines: list[note.Line], origin: str, keys: dict[str, Public]) -> bool:
    """Tell whether a signature line is of that Ed25519 key."""
    identifier = note.key_id(origin, note.ED25519, keys["Ed25519"].raw)
    return any((line.name, line.key_id) == (origin, identifier) for line in lines)


def _cosignature(keys: NodeKeys, name: str, checkpoint: Checkpoint, timestamp: int) -> note.Line:
    """An ML-DSA-44 line: key id, then the timestamp, then the signature (tlog-cosignature, Format)."""
    pair = keys.log["ML-DSA-44"]
    identifier = note.key_id(name, note.ML_DSA_44_COSIGNATURE, pair.public.raw)
    signature = pair.sign(cosigned_message(name, timestamp, checkpoint))
    return note.Line(name, identifier, timestamp.to_bytes(TIMESTAMP_BYTES, "big") + signature)


def _verify_cosignature(lines: list[note.Line], name: str, key: Public, checkpoint: Checkpoint) -> int:
    """Verify the ML-DSA-44 line of that name and key; returns its timestamp."""
    line = _find(lines, name, note.key_id(name, note.ML_DSA_44_COSIGNATURE, key.raw), "ML-DSA-44")
    timestamp = int.from_bytes(line.signature[:TIMESTAMP_BYTES], "big")
    if not key.verifies(line.signature[TIMESTAMP_BYTES:], cosigned_message(name, timestamp, checkpoint)):
        raise SignatureError(f"The ML-DSA-44 signature of {name} does not hold.", code="bad-signature")
    return timestamp


def _find(lines: list[note.Line], name: str, identifier: bytes, algorithm: str) -> note.Line:
    """The one line of that key."""
    found = [line for line in lines if (line.name, line.key_id) == (name, identifier)]
    if len(found) != 1:
        raise SignatureError(
            f"The {algorithm} signature of {name} is {'missing' if not found else 'there twice'}.",
            code="missing-signature",
        )
    return found[0]
