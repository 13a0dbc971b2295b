"""Merkle trees as RFC 6962 hashes them, stored as tiles of height 8 (C2SP tlog-tiles), and their proofs."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from sild.trust.errors import ProofError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
EMPTY_ROOT = sha256(b"").digest()
# To copy a hash that has begun costs less than to begin one, and the data need not be copied behind the prefix.
_leaf_start = sha256(b"\x00").copy
_node_start = sha256(b"\x01").copy

Levels = list[list[bytes]]


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data) (RFC 6962 section 2.1)."""
    hashed = _leaf_start()
    hashed.update(data)
    return hashed.digest()


def leaf_hashes(data: Iterable[bytes]) -> list[bytes]:
    """The `leaf_hash` of each, without a call for each."""
    hashes, start = [], _leaf_start
    for one in data:
        hashed = start()
        hashed.update(one)
        hashes.append(hashed.digest())
    return hashes


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right) (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def node_hashes(below: Sequence[bytes]) -> list[bytes]:
    """The `node_hash` of each pair; a lone last one is left out."""
    hashes, start = [], _node_start
    for left, right in zip(below[::2], below[1::2], strict=False):
        hashed = start()
        hashed.update(left + right)
        hashes.append(hashed.digest())
    return hashes


def levels_of(hashes: Sequence[bytes]) -> Levels:
    """All levels of the tree over `hashes`, lowest first; a lone last node moves up as it is.

    Moving it up gives the same root as RFC 6962's split at the largest power of two.
    """
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = node_hashes(below)
        if len(below) % 2:
            above.append(below[-1])
        levels.append(above)
    return levels


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The root of the tree over `hashes`, which need not all be at hand at one time."""
    whole: list[tuple[int, bytes]] = []  # roots of perfect trees with their heights, which fall from left to right
    for one in hashes:
        height, node = 0, one
        while whole and whole[-1][0] == height:
            height, node = height + 1, node_hash(whole.pop()[1], node)
        whole.append((height, node))
    root = whole.pop()[1] if whole else EMPTY_ROOT
    while whole:
        root = node_hash(whole.pop()[1], root)
    return root


def path_in(levels: Levels, index: int) -> list[bytes]:
    """The inclusion proof of leaf `index` in a tree whose levels are all at hand (RFC 6962 section 2.1.1)."""
    path = []
    for level in levels[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        index >>= 1
    return path


class Tiles(Protocol):
    """Where tiles are kept."""

    def read(self, level: int, index: int) -> bytes:
        """Hashes present in a tile, joined; empty when there are none."""

    def write(self, level: int, index: int, data: bytes) -> None:
        """Replace a tile by a longer one that starts with the same hashes."""


class MemoryTiles:
    """Tiles in memory."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, index: int) -> bytes:
        """Hashes present in a tile, joined; empty when there are none."""
        return self._tiles.get((level, index), b"")

    def write(self, level: int, index: int, data: bytes) -> None:
        """Replace a tile by a longer one that starts with the same hashes."""
        self._tiles[level, index] = data


def _split(data: bytes) -> list[bytes]:
    """Cut joined hashes apart."""
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


class Tree:
    """A tree read from, and added to, tiles; each tile's inner nodes are computed once in the life of the object."""

    def __init__(self, tiles: Tiles) -> None:
        self._tiles = tiles
        self._inner: dict[tuple[int, int], Levels] = {}
        # The way from a full lowest tile's root up to the root of a size, which 256 leaves share.
        self._above: dict[tuple[int, int], list[bytes]] = {}

    def append(self, size: int, leaf_hashes: Sequence[bytes]) -> int:
        """Add leaves to a tree of `size` leaves and return its new size.

        A tile above gains a hash whenever the tile below it is full (C2SP tlog-tiles, Merkle Tree).
        """
        level, first, added = 0, size, list(leaf_hashes)
        while added:
            added, first = self._append_to_level(level, first, added)
            level += 1
        return size + len(leaf_hashes)

    def _append_to_level(self, level: int, first: int, added: list[bytes]) -> tuple[list[bytes], int]:
        """Write hashes from position `first` of a level; returns what the level above gains, and from where."""
        risen: list[bytes] = []
        tile_index, offset = divmod(first, TILE_WIDTH)
        first_above = tile_index
        while added:
            known = self._tiles.read(level, tile_index)[: offset * HASH_BYTES]
            if len(known) != offset * HASH_BYTES:
                raise ProofError(f"Tile {level}/{tile_index} holds fewer hashes than the log's size says.", code="tile")
            room, added = added[: TILE_WIDTH - offset], added[TILE_WIDTH - offset :]
            data = known + b"".join(room)
            self._tiles.write(level, tile_index, data)
            self._inner.pop((level, tile_index), None)
            if len(data) == TILE_WIDTH * HASH_BYTES:
                levels = self._inner[level, tile_index] = _perfect_levels(_split(data))
                risen.append(node_hash(*levels[-1]))
            tile_index, offset = tile_index + 1, 0
        return risen, first_above

    def _node(self, height: int, index: int) -> bytes:
        """The root of the perfect subtree of 2**height leaves that starts at leaf index * 2**height."""
        level, inner = divmod(height, TILE_HEIGHT)
        tile_index, place = divmod(index, TILE_WIDTH >> inner)
        return self._levels(level, tile_index, (place + 1) << inner)[inner][place]

    def _levels(self, level: int, tile_index: int, hashes: int) -> Levels:
        """All that is inside a tile, which must hold at least so many hashes."""
        key = (level, tile_index)
        levels = self._inner.get(key)
        if levels is None or len(levels[0]) < hashes:
            levels = self._inner[key] = _perfect_levels(_split(self._tiles.read(level, tile_index)))
        if len(levels[0]) < hashes:
            raise ProofError(f"Tile {level}/{tile_index} is not all there.", code="tile")
        return levels

    def _range(self, low: int, high: int) -> bytes:
        """MTH(D[low:high]) (RFC 6962 section 2.1); `low` is a multiple of the largest power of two below the width."""
        width = high - low
        height = width.bit_length() - 1
        if width == 1 << height and low % width == 0:
            return self._node(height, low >> height)
        middle = low + _split_point(width)
        return node_hash(self._range(low, middle), self._range(middle, high))

    def root(self, size: int) -> bytes:
        """The root hash of the first `size` leaves, 32 bytes."""
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """PATH(index, D[0:size]), from the leaf's sibling up (RFC 6962 section 2.1.1).

        Raises:
            ProofError: there is no such leaf.
        """
        if not 0 <= index < size:
            raise ProofError(f"There is no leaf {index} in a tree of {size}.", code="index")
        tile, place = divmod(index, TILE_WIDTH)
        if (tile + 1) * TILE_WIDTH > size:
            return self._path(index, index + 1, size)
        above = self._above.get((tile, size))
        if above is None:
            above = self._above[tile, size] = self._path(tile * TILE_WIDTH, (tile + 1) * TILE_WIDTH, size)
        inside = self._levels(0, tile, TILE_WIDTH)
        return [level[place >> height ^ 1] for height, level in enumerate(inside)] + above

    def levels_around(self, index: int, size: int) -> Levels | None:
        """The levels of the full tile around a leaf, lowest first and without its root; None when it is not full."""
        tile = index // TILE_WIDTH
        return self._levels(0, tile, TILE_WIDTH) if (tile + 1) * TILE_WIDTH <= size else None

    def _path(self, first: int, end: int, size: int) -> list[bytes]:
        """The way from the root of the perfect subtree over leaves `first` to `end` - 1 up to the root of `size`."""
        path: list[bytes] = []
        low, high = 0, size
        while high - low > end - first:
            middle = low + _split_point(high - low)
            if first < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """PROOF(old, D[0:new]) (RFC 6962 section 2.1.2); empty when the sizes are equal or `old` is 0.

        Raises:
            ProofError: the old tree is larger than the new one.
        """
        if old > new:
            raise ProofError(f"A tree of {new} leaves cannot continue one of {old}.", code="size")
        if old in {0, new}:
            return []
        path: list[bytes] = []
        low, high, whole = 0, new, True
        while old != high:
            middle = low + _split_point(high - low)
            if old <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low, whole = middle, False
        return path[::-1] if whole else [self._range(low, high), *path[::-1]]


def _perfect_levels(hashes: list[bytes]) -> Levels:
    """The levels of perfect subtrees only: a lone last node does not move up."""
    levels = [hashes]
    for _ in range(TILE_HEIGHT - 1):
        levels.append(node_hashes(levels[-1]))
    return levels


def _split_point(width: int) -> int:
    """The largest power of two smaller than `width` (RFC 6962 section 2.1)."""
    return 1 << ((width - 1).bit_length() - 1)
