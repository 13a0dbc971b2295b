"""The body of a C2SP tlog-witness `add-checkpoint` request: how far the witness saw the log, a proof, a checkpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sild.trust.encoding import b64, unb64
from sild.trust.errors import ProofError
from sild.trust.tree import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PROOF = 63
OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request.

    Attributes:
        old: size of the latest checkpoint that the log believes the witness cosigned; 0 for none.
        proof: hashes of 32 bytes, a consistency proof from `old` (RFC 6962 section 2.1.2).
        checkpoint: the signed note, verbatim and not yet verified.
    """

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str


def format_request(old: int, proof: Sequence[bytes], checkpoint: str) -> str:
    """Write a request (C2SP tlog-witness, add-checkpoint)."""
    return "".join([f"old {old}\n", *(f"{b64(node)}\n" for node in proof), "\n", checkpoint])


def parse_request(text: str) -> Request:
    """Read a request; the checkpoint is looked at elsewhere.

    Raises:
        ProofError: code `witness-form`.
    """
    head, blank, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    old = OLD.fullmatch(first)
    if old is None or not blank or len(lines) > MAX_PROOF:
        raise ProofError(
            "A request starts with “old” and a size, has at most 63 proof lines, an empty line and a checkpoint.",
            code="witness-form",
        )
    try:
        proof = tuple(unb64(line) for line in lines)
    except ValueError as error:
        raise ProofError(f"A line of the consistency proof is not base64: {error}.", code="witness-form") from error
    if any(len(node) != HASH_BYTES for node in proof):
        raise ProofError("A hash of the consistency proof has not 32 bytes.", code="witness-form")
    return Request(int(old[1]), proof, checkpoint)


def origin_hash(origin: str) -> str:
    """How a log is named in a witness's addresses: SHA-256 of its origin in hex (Monitor Retrieval Mechanism)."""
    return sha256(origin.encode()).hexdigest()
