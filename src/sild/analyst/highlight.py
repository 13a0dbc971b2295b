"""Cuts a text into pieces for the page: what a technique was proposed for, and names and indicators within."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sild.analyst.items import Item

MOST_SHOWN = 200_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `item` says what it is when it is a name or an indicator."""

    text: str
    item: Item | None = None
    is_first: bool = False  # an item that crosses an edge is shown in two pieces


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces that belong together; `number` is that of the techniques' words, 0 for text without one."""

    pieces: list[Piece]
    number: int = 0
    techniques: str = ""
    first: str = ""


def blocks(text: str, items: Sequence[Item]) -> list[Block]:
    """The first 200,000 characters of the text as blocks in order; put together, their pieces are that text.

    Words of two techniques may overlap after a correction; what was marked already is not marked again.
    """
    text = text[:MOST_SHOWN]
    marks = sorted((item for item in items if item.group != "technique"), key=lambda item: (item.start, -item.end))
    told: dict[tuple[int, int], list[Item]] = {}
    for item in items:
        if item.group == "technique":
            told.setdefault((item.start, item.end), []).append(item)
    made, reached = [], 0
    for (start, end), number in numbers(items).items():
        here = told[start, end]
        left, right = max(start, reached), min(end, len(text))
        if left < right:
            made.append(Block(list(_pieces(text, reached, left, marks))))
            names = ", ".join(item.value for item in here)
            made.append(Block(list(_pieces(text, left, right, marks)), number, names, here[0].key))
            reached = right
    made.append(Block(list(_pieces(text, reached, len(text), marks))))
    return [block for block in made if block.pieces]


def numbers(items: Sequence[Item]) -> dict[tuple[int, int], int]:
    """The number that `blocks` gives the words of techniques, by their span, in order."""
    spans = sorted({(item.start, item.end) for item in items if item.group == "technique"})
    return {span: number for number, span in enumerate(spans, 1)}


def _pieces(text: str, start: int, end: int, marks: Sequence[Item]) -> Iterator[Piece]:
    """Pieces of `text[start:end]`; a mark that crosses an edge is shown on both sides of it."""
    for item in marks:
        left, right = max(item.start, start), min(item.end, end)
        if left >= right:
            continue
        if left > start:
            yield Piece(text[start:left])
        yield Piece(text[left:right], item, left == item.start)
        start = right
    if start < end:
        yield Piece(text[start:end])
