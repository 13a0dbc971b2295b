"""TrueType fonts as PDF embeds them: widths, glyphs of characters, and only those outlines that a document uses.

Tables are read as the OpenType specification 1.9 lays them out.
"""

from __future__ import annotations

import struct
from functools import cached_property
from importlib.resources import files
from typing import NamedTuple

_COMPOSITE_MORE, _COMPOSITE_WORDS = 0x20, 0x01
_COMPOSITE_SCALES = ((0x08, 2), (0x40, 4), (0x80, 8))
_KEPT = ("cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep")
_MISSING = "?"


class Metrics(NamedTuple):
    """What a font descriptor needs, in thousandths of the font size."""

    ascent: int
    descent: int
    box: tuple[int, int, int, int]


class Font:
    """One font, and the characters that were asked of it so far."""

    def __init__(self, name: str) -> None:
        """Read a font of the Open Sans family (Apache License 2.0) from its package.

        Args:
            name: `Regular` or `Bold`.
        """
        self.name = f"OpenSans-{name}"
        self._data = (files("ttf_opensans") / "ttf" / f"{self.name}.ttf").read_bytes()
        count = struct.unpack_from(">H", self._data, 4)[0]
        entries = (struct.unpack_from(">4sLLL", self._data, 12 + 16 * number) for number in range(count))
        self._tables = {tag.decode(): self._data[start : start + size] for tag, _sum, start, size in entries}
        self._per_em: int = struct.unpack_from(">H", self._tables["head"], 18)[0]
        # Glyph 0 stands for what is missing and is always there.
        self.used: dict[int, str] = {0: _MISSING}

    @cached_property
    def metrics(self) -> Metrics:
        """Ascent, descent and bounding box."""
        ascent, descent = struct.unpack_from(">hh", self._tables["hhea"], 4)
        box = struct.unpack_from(">4h", self._tables["head"], 36)
        return Metrics(self._scaled(ascent), self._scaled(descent), tuple(map(self._scaled, box)))  # type: ignore[arg-type]

    @cached_property
    def _glyphs(self) -> dict[int, int]:
        """Glyph numbers by code point: the cmap's table of format 4 for Unicode."""
        table = self._tables["cmap"]
        count = struct.unpack_from(">H", table, 2)[0]
        for number in range(count):
            platform, encoding, start = struct.unpack_from(">HHL", table, 4 + 8 * number)
            if (platform, encoding) in {(3, 1), (0, 3)} and struct.unpack_from(">H", table, start)[0] == 4:  # noqa: PLR2004 -- the format
                return dict(_segments(table[start:]))
        raise ValueError(f"{self.name} has no table of Unicode characters")

    @cached_property
    def _advances(self) -> list[int]:
        """Advance widths by glyph; the last one holds for all that follow."""
        count = struct.unpack_from(">H", self._tables["hhea"], 34)[0]
        return [struct.unpack_from(">H", self._tables["hmtx"], 4 * glyph)[0] for glyph in range(count)]

    def encode(self, text: str) -> bytes:
        """The text as two bytes for each glyph; what the font lacks is a question mark."""
        glyphs = [self._glyphs.get(ord(sign)) or self._glyphs[ord(_MISSING)] for sign in text]
        self.used.update(zip(glyphs, text, strict=True))
        return b"".join(struct.pack(">H", glyph) for glyph in glyphs)

    def has(self, sign: str) -> bool:
        """Whether the font has a glyph for a character."""
        return ord(sign) in self._glyphs

    def width(self, text: str) -> float:
        """The text's width, in parts of the font size."""
        return sum(self.advance(self._glyphs.get(ord(sign), self._glyphs[ord(_MISSING)])) for sign in text) / 1000

    def advance(self, glyph: int) -> int:
        """A glyph's width in thousandths of the font size."""
        return self._scaled(self._advances[min(glyph, len(self._advances) - 1)])

    def subset(self) -> bytes:
        """The font with the outlines of used glyphs alone; glyphs keep their numbers."""
        long = struct.unpack_from(">h", self._tables["head"], 50)[0]
        count = struct.unpack_from(">H", self._tables["maxp"], 4)[0]
        places = struct.unpack(
            f">{count + 1}{'L' if long else 'H'}", self._tables["loca"][: (count + 1) * (4 if long else 2)]
        )
        starts = [place * (1 if long else 2) for place in places]
        kept, outlines, offsets = self._with_parts(starts), bytearray(), []
        for glyph in range(count):
            offsets.append(len(outlines))
            if glyph in kept:
                outlines += self._tables["glyf"][starts[glyph] : starts[glyph + 1]]
                outlines += bytes(-len(outlines) % 4)
        offsets.append(len(outlines))
        head = bytearray(self._tables["head"])
        struct.pack_into(">h", head, 50, 1)
        changed = {"glyf": bytes(outlines), "loca": struct.pack(f">{count + 1}L", *offsets), "head": bytes(head)}
        return _assemble({tag: changed.get(tag, self._tables[tag]) for tag in _KEPT if tag in self._tables})

    def _with_parts(self, starts: list[int]) -> set[int]:
        """Used glyphs and those that they are put together from, as õ is from o and a tilde."""
        kept, waiting = set[int](), list(self.used)
        while waiting:
            glyph = waiting.pop()
            if glyph in kept:
                continue
            kept.add(glyph)
            waiting += _parts(self._tables["glyf"][starts[glyph] : starts[glyph + 1]])
        return kept

    def _scaled(self, value: int) -> int:
        """Font units as thousandths."""
        return round(value * 1000 / self._per_em)


def _segments(table: bytes) -> list[tuple[int, int]]:
    """Code points and glyphs of a cmap subtable of format 4."""
    count = struct.unpack_from(">H", table, 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", table, 14)
    firsts = struct.unpack_from(f">{count}H", table, 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}h", table, 16 + 4 * count)
    offsets = struct.unpack_from(f">{count}H", table, 16 + 6 * count)
    found = []
    for number in range(count):
        for point in range(firsts[number], ends[number] + 1):
            glyph = point
            if offsets[number]:
                place = 16 + 6 * count + 2 * number + offsets[number] + 2 * (point - firsts[number])
                glyph = struct.unpack_from(">H", table, place)[0] if place + 2 <= len(table) else 0
            if glyph or not offsets[number]:
                found.append((point, (glyph + deltas[number]) & 0xFFFF))
    return found


def _parts(outline: bytes) -> list[int]:
    """Glyphs that a composite one is put together from."""
    if not outline or struct.unpack_from(">h", outline)[0] >= 0:
        return []
    found, place, flags = [], 10, _COMPOSITE_MORE
    while flags & _COMPOSITE_MORE:
        flags, glyph = struct.unpack_from(">HH", outline, place)
        found.append(glyph)
        place += 8 if flags & _COMPOSITE_WORDS else 6
        place += sum(size for flag, size in _COMPOSITE_SCALES if flags & flag)
    return found


def _assemble(tables: dict[str, bytes]) -> bytes:
    """A font file of these tables, in the order of their names."""
    power = len(tables).bit_length() - 1
    head = struct.pack(">LHHHH", 0x00010000, len(tables), 16 << power, power, 16 * len(tables) - (16 << power))
    place, directory, body = len(head) + 16 * len(tables), b"", b""
    for tag, data in sorted(tables.items()):
        padded = data + bytes(-len(data) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}L", padded)) & 0xFFFFFFFF
        directory += struct.pack(">4sLLL", tag.encode(), total, place + len(body), len(data))
        body += padded
    return head + directory + body
