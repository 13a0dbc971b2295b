"""Checking inclusion and consistency proofs against a signed root."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sild.trust.errors import ProofError
from sild.trust.tree import EMPTY_ROOT, node_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Inclusion:
    """Checks inclusion proofs under one root (RFC 9162 section 2.1.3.2); nodes proved once are not hashed again.

    Args:
        size: leaves in the tree.
        root: the signed root hash, 32 bytes.
    """

    def __init__(self, size: int, root: bytes) -> None:
        self._size = size
        # Hashes that are known to lie below the root, by height and index at that height.
        self._proved: dict[tuple[int, int], bytes] = {(max(size - 1, 0).bit_length(), 0): root}

    def verify(self, leaf: bytes, index: int, path: Sequence[bytes]) -> None:
        """Pass if `leaf` (a leaf hash) stands at `index`.

        Raises:
            ProofError: code `index`, `length` or `proof`.
        """
        if not 0 <= index < self._size:
            raise ProofError(f"There is no leaf {index} in a log of {self._size}.", code="index")
        fresh: dict[tuple[int, int], bytes] = {}
        steps = iter(path)
        height, place, last, node = 0, index, self._size - 1, leaf
        while (height, place) not in self._proved:
            fresh[height, place] = node
            if place % 2 or place < last:
                sibling = fresh[height, place ^ 1] = next(steps, b"")
                node = sha256(b"\x01" + (sibling + node if place % 2 else node + sibling)).digest()
            height, place, last = height + 1, place >> 1, last >> 1
        if self._proved[height, place] != node:
            raise ProofError("The proof does not lead to the signed root.", code="proof")
        self._check_rest(steps, height, place, last)
        self._proved.update(fresh)

    def _check_rest(self, steps: Iterator[bytes], height: int, place: int, last: int) -> None:
        """Compare what is left of a path with the nodes proved before; whoever gets the path must get a whole one."""
        while last:
            if (place % 2 or place < last) and next(steps, b"") != self._proved[height, place ^ 1]:
                raise ProofError("The proof does not lead to the signed root.", code="proof")
            height, place, last = height + 1, place >> 1, last >> 1
        if next(steps, None) is not None:
            raise ProofError("The proof is too long for the leaf's place.", code="length")


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check one inclusion proof; see `Inclusion` for many under the same root.

    Raises:
        ProofError: it does not hold.
    """
    Inclusion(size, root).verify(leaf, index, path)


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check that a tree of `new` leaves continues one of `old` (RFC 9162 section 2.1.4.2).

    Raises:
        ProofError: it does not, or the proof is not one.
    """
    if old > new:
        raise ProofError(f"The log shrank from {old} to {new} leaves.", code="size")
    if old in {0, new}:
        expected = EMPTY_ROOT if old == 0 else new_root
        if path or old_root != expected:
            raise ProofError("Two trees of the same size differ.", code="proof")
        return
    first, second = _both_roots(old, new, old_root, path)
    if first != old_root or second != new_root:
        raise ProofError("The new tree does not continue the old one.", code="proof")


def _both_roots(old: int, new: int, old_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Rebuild both roots from a consistency proof."""
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        raise ProofError("The consistency proof is empty.", code="length")
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for node in steps[1:]:
        if last == 0:
            raise ProofError("The consistency proof is too long.", code="length")
        if place % 2 or place == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while not place % 2 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, node)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("The consistency proof is too short.", code="length")
    return first, second
