"""Checking inclusion and consistency proofs against a signed root."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sild.trust import runs
from sild.trust.errors import ProofError
from sild.trust.tree import EMPTY_ROOT, node_hash

if TYPE_CHECKING:
    from collections.abc import Sequence


class Inclusion:
    """Checks inclusion proofs under one root (RFC 9162 section 2.1.3.2).

    Two leaves share all their ancestors from some height on. What was proved for the last leaf is therefore not hashed
    again for the next one: a proof is followed up to where it meets the one before, and compared from there.

    Args:
        size: leaves in the tree.
        root: the signed root hash, 32 bytes.
    """

    def __init__(self, size: int, root: bytes) -> None:
        self._size = size
        self._root = root
        self._top = max(size - 1, 0).bit_length()
        # Of the last proved leaf: its index, its path, its ancestors by height, and how much of the path is above each.
        self._index = -1
        self._path: tuple[bytes, ...] = ()
        self._ancestors = [b""] * self._top + [root]
        self._above = [0] * (self._top + 1)

    def verify(self, leaf: bytes, index: int, path: Sequence[bytes]) -> None:
        """Pass if `leaf` (a leaf hash) stands at `index`.

        Raises:
            ProofError: code `index`, `length` or `proof`.
        """
        if not 0 <= index < self._size:
            raise ProofError(f"There is no leaf {index} in a log of {self._size}.", code="index")
        path = tuple(path)
        meeting = (index ^ self._index).bit_length() if self._index >= 0 else self._top
        ancestors, above = self._climb(leaf, index, path, meeting)
        if ancestors[-1] != self._ancestors[meeting]:
            raise ProofError("The proof does not lead to the signed root.", code="proof")
        if path[len(path) - above[-1] :] != self._path[len(self._path) - self._above[meeting] :]:
            raise ProofError("The rest of the proof is not the way to the signed root.", code="length")
        self._index, self._path = index, path
        self._ancestors[: meeting + 1] = ancestors
        self._above[: meeting + 1] = above

    def verify_run(self, first: int, leaves: Sequence[bytes], proofs: Sequence[bytes]) -> None:
        """Pass if the leaves stand one after the other from `first` on; see `runs.verify_run`."""
        runs.verify_run(self._size, self._root, first, leaves, proofs)

    def _climb(self, leaf: bytes, index: int, path: tuple[bytes, ...], height: int) -> tuple[list[bytes], list[int]]:
        """Hash from a leaf up to a height; returns the ancestors, and how much of the path is left above each."""
        node, last, left = leaf, self._size - 1, len(path)
        ancestors, above = [node], [left]
        steps = iter(path)
        for _ in range(height):
            if index & 1:
                node = sha256(b"\x01" + next(steps, b"") + node).digest()
                left -= 1
            elif index < last:
                node = sha256(b"\x01" + node + next(steps, b"")).digest()
                left -= 1
            index, last = index >> 1, last >> 1
            ancestors.append(node)
            above.append(left)
        if left < 0:
            raise ProofError("The proof ends below the root.", code="length")
        return ancestors, above


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
