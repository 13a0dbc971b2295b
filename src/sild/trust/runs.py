"""Inclusion proofs of many neighbouring leaves at once: made, and checked with each node hashed and compared once."""

from __future__ import annotations

from itertools import pairwise
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from sild.trust.errors import ProofError
from sild.trust.tree import HASH_BYTES, TILE_WIDTH, node_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.trust.tree import Levels, Tree

# Stands beside the last node of a level when it has no sibling and moves up as it is.
NONE = b""


class Level(NamedTuple):
    """Nodes of one level, in whole pairs; `place` is that of the first."""

    place: int
    nodes: list[bytes]


def prove_run(tree: Tree, first: int, count: int, size: int) -> list[bytes]:
    """The inclusion proofs of leaves that stand one after the other, their hashes joined; as `verify_run` takes them.

    Args:
        tree: of the log.
        first: place of the first leaf.
        count: of leaves.
        size: leaves in the tree that they are proved in.

    Raises:
        ProofError: code `index`: there are no such leaves.
    """
    proofs: list[bytes] = []
    while count:
        inside = tree.levels_around(first, size)
        if inside is None:
            some = [b"".join(tree.inclusion_proof(first, size))]
        else:
            some = _spread([b"".join(tree.inclusion_proof(first, size)[len(inside) :])], inside)
            some = some[first % TILE_WIDTH :][:count]
        proofs += some
        first, count = first + len(some), count - len(some)
    return proofs


def verify_run(size: int, root: bytes, first: int, leaves: Sequence[bytes], proofs: Sequence[bytes]) -> None:
    """Pass if the leaves stand one after the other from `first` on; says what `Inclusion` says of each of them.

    The nodes above the leaves are hashed once, with what the first and the last proof claim to stand beside them; that
    this leads to the signed root confirms all of them (RFC 9162 section 2.1.3.2). Each leaf then has one proof, which
    is read off on the way down, and the one that came must be the same.

    Args:
        size: leaves in the tree.
        root: the signed root hash, 32 bytes.
        first: place of the first leaf.
        leaves: leaf hashes, 32 bytes each, at least one.
        proofs: the inclusion proof of each, its hashes of 32 bytes joined.

    Raises:
        ProofError: code `index`, `length` or `proof`; asking one by one tells which leaf it was.
    """
    last = first + len(leaves) - 1
    if not 0 <= first <= last < size:
        raise ProofError(f"There are no leaves {first} to {last} in a log of {size}.", code="index")
    if len(proofs) != len(leaves):
        raise ProofError(f"There are {len(proofs)} proofs for {len(leaves)} leaves.", code="length")
    levels, top = _climb(size, first, list(leaves), proofs[0], proofs[-1])
    if top != [root]:
        raise ProofError("The proofs do not lead to the signed root.", code="proof")
    if not (_agree(levels, first, proofs) if levels else list(proofs) == [b""]):
        raise ProofError("A proof is not the way to the signed root.", code="proof")


def _climb(
    size: int, place: int, nodes: list[bytes], first_proof: bytes, last_proof: bytes
) -> tuple[list[Level], list[bytes]]:
    """Hash from the leaves up; returns every level in whole pairs, lowest first, and the node at the top."""
    levels, end = [], size - 1
    from_first = from_last = 0
    while end:
        last = place + len(nodes) - 1
        is_lone = last == end and end % 2 == 0
        if place % 2:
            place, nodes = place - 1, [_step(first_proof, from_first), *nodes]
        if last % 2 == 0:
            nodes = [*nodes, NONE if is_lone else _step(last_proof, from_last)]
        levels.append(Level(place, nodes))
        from_first += not (is_lone and len(nodes) == 2)  # noqa: PLR2004 -- the first leaf is under the lone node, too
        from_last += not is_lone
        parents = node_hashes(nodes)
        nodes = [*parents[:-1], nodes[-2]] if is_lone else parents
        place, end = place // 2, end // 2
    return levels, nodes


def _step(proof: bytes, number: int) -> bytes:
    """One hash of a proof."""
    return proof[number * HASH_BYTES : (number + 1) * HASH_BYTES]


def _agree(levels: list[Level], first: int, proofs: Sequence[bytes]) -> bool:
    """Tell whether each proof is its leaf's sibling, then the proof of the node above both."""
    nodes, ways, both = levels[0].nodes, _ways(levels), list(proofs)
    # A leaf of a pair that is not in the run has no proof to compare.
    if first > levels[0].place:
        both.insert(0, nodes[1] + ways[0])
    if len(both) < len(nodes):
        both.append(nodes[-2] + ways[-1])
    pairs = zip(nodes[::2], nodes[1::2], ways, both[::2], both[1::2], strict=True)
    return all(one == right + way and other == left + way for left, right, way, one, other in pairs)


def _spread(ways: list[bytes], levels: Levels) -> list[bytes]:
    """The proofs of all leaves of a perfect subtree, from the one of its root: a sibling, then the proof above both."""
    for level in reversed(levels):
        both = list(level)
        both[::2] = map(add, level[1::2], ways)
        both[1::2] = map(add, level[::2], ways)
        ways = both
    return ways


def _ways(levels: list[Level]) -> list[bytes]:
    """The proof of the node above each pair of the lowest level: its sibling, then the proof of the node above both."""
    ways = [b""]
    for above, below in pairwise(reversed(levels)):
        both = list(above.nodes)
        both[::2] = map(add, above.nodes[1::2], ways)
        both[1::2] = map(add, above.nodes[::2], ways)
        skipped = below.place // 2 - above.place
        ways = both[skipped : skipped + len(below.nodes) // 2]
    return ways
