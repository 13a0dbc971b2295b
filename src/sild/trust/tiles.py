"""C2SP tlog-tiles: where a log's tiles and entry bundles stand, and which of them a tree of some size has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sild.trust.tree import TILE_HEIGHT, TILE_WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LEVEL = 63
MAX_ENTRY = 0xFFFF
ENTRIES = "entries"
PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TilePath:
    """A tile, or a bundle of entries.

    Attributes:
        level: 0 to 63; None for a bundle of entries, which stands beside the tile of level 0.
        index: from 0 within the level.
        width: hashes or entries in it, 1 to 256; less than 256 in a partial one.
    """

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __str__(self) -> str:
        level = ENTRIES if self.level is None else self.level
        partial = f".p/{self.width}" if self.width < TILE_WIDTH else ""
        return f"tile/{level}/{_elements(self.index)}{partial}"

    @classmethod
    def parse(cls, path: str) -> TilePath | None:
        """Read a path without a leading slash; None when it is not in the one form that the specification gives it."""
        match = PATH.fullmatch(path)
        if match is None:
            return None
        level = None if match["level"] == ENTRIES else int(match["level"])
        width = int(match["width"] or TILE_WIDTH)
        parsed = cls(level, int(match["index"].replace("x", "").replace("/", "")), width)
        return parsed if str(parsed) == path and (level or 0) <= MAX_LEVEL else None

    def is_in(self, size: int) -> bool:
        """Tell whether a tree of that size has so many hashes, or entries, there."""
        return self.index * TILE_WIDTH + self.width <= size >> (TILE_HEIGHT * (self.level or 0))


def tiles_between(old: int, new: int) -> Iterator[TilePath]:
    """The tiles and bundles that a tree of `new` leaves has and one of `old` had not (tlog-tiles, Partial Tiles)."""
    for level in range(MAX_LEVEL + 1):
        before, now = old >> (TILE_HEIGHT * level), new >> (TILE_HEIGHT * level)
        if not now:
            return
        if before == now:
            continue
        for which in (level, None) if level == 0 else (level,):
            for index in range(before // TILE_WIDTH, now // TILE_WIDTH):
                yield TilePath(which, index)
            if now % TILE_WIDTH:
                yield TilePath(which, now // TILE_WIDTH, now % TILE_WIDTH)


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, each behind its length as big-endian uint16 (tlog-tiles, Log entries).

    Raises:
        ValueError: an entry is longer than 65,535 bytes.
    """
    return b"".join(_prefixed(entry) for entry in entries)


def _prefixed(entry: bytes) -> bytes:
    """An entry behind its length."""
    if len(entry) > MAX_ENTRY:
        raise ValueError(f"an entry of {len(entry)} bytes does not fit into a bundle")
    return len(entry).to_bytes(2, "big") + entry


def _elements(index: int) -> str:
    """Path elements of three digits, all but the last behind an x: 1234067 is x001/x234/067."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))
