"""C2SP tlog-proof: an inclusion proof and its checkpoint as one text that is verified offline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sild.trust.encoding import b64, unb64
from sild.trust.errors import ProofError
from sild.trust.tree import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 64
# A hash of 32 bytes has so many characters in base64.
HASH_TEXT = 44


@dataclass(frozen=True, slots=True)
class Proof:
    """A parsed tlog-proof.

    Attributes:
        index: zero-based place of the leaf.
        path: hashes of 32 bytes from the leaf's sibling up.
        checkpoint: the signed note, verbatim and not yet verified.
        extra: opaque data that nothing vouches for; empty when absent.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""


def format_proof(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """Write a tlog-proof (C2SP tlog-proof, Format)."""
    hashes = "".join(f"{line}\n" for line in write_path(path))
    return f"{HEADER}\nindex {index}\n{hashes}\n{checkpoint}"


def parse_proof(text: str) -> Proof:
    """Read a tlog-proof; signatures and path are verified elsewhere.

    Raises:
        ProofError: it has not the form that C2SP tlog-proof gives it.
    """
    head, blank, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines[0] != HEADER:
        raise ProofError(f"A proof starts with the line “{HEADER}”.", code="proof-form")
    try:
        extra = unb64(lines.pop(1).removeprefix("extra ")) if lines[1].startswith("extra ") else b""
        index = _decimal(lines[1].removeprefix("index "))
        path = read_path(lines[2:])
    except (ValueError, IndexError) as error:
        raise ProofError(f"The proof cannot be read: {error}.", code="proof-form") from error
    if not lines[1].startswith("index ") or len(path) > MAX_PATH or any(len(node) != HASH_BYTES for node in path):
        raise ProofError("The proof has no index line, or hashes of another length than 32 bytes.", code="proof-form")
    return Proof(index, path, checkpoint, extra)


def write_path(path: Iterable[bytes]) -> list[str]:
    """A proof's hashes in base64, as they travel."""
    return [_text(node) for node in path]


def read_path(texts: Iterable[str]) -> tuple[bytes, ...]:
    """A proof's hashes from base64; their length is not looked at.

    Raises:
        ValueError, TypeError: one of them is not base64 in its one spelling.
    """
    return tuple(_node(text) if len(text) == HASH_TEXT else unb64(text) for text in texts)


# The proofs of neighbours share most of their hashes.
_text = lru_cache(maxsize=8192)(b64)
_node = lru_cache(maxsize=8192)(unb64)


def _decimal(text: str) -> int:
    """An ASCII decimal without leading zeroes."""
    if not (text.isascii() and text.isdigit()) or (len(text) > 1 and text[0] == "0"):
        raise ValueError(f"“{text}” is no decimal number without leading zeroes")
    return int(text)
