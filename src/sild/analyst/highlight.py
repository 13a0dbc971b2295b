"""Cuts a text into pieces for the page: sentences that a technique was proposed for, and indicators within."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sild.analyst.engine.indicators import Indicator
    from sild.analyst.engine.reader import Findings

MOST_SHOWN = 200_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `indicator` says what it is when it is one."""

    text: str
    indicator: Indicator | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces that belong together; `number` is that of the sentence's proposals, 0 for text without one."""

    pieces: list[Piece]
    number: int = 0
    techniques: str = ""


def blocks(text: str, findings: Findings) -> list[Block]:
    """The first 200,000 characters of the text as blocks in order; put together, their pieces are that text."""
    text = text[:MOST_SHOWN]
    spans: dict[tuple[int, int], list[str]] = {}
    for proposal in findings.proposals:
        spans.setdefault((proposal.start, proposal.end), []).append(proposal.technique)
    made, reached = [], 0
    for number, ((start, end), techniques) in enumerate(sorted(spans.items()), 1):
        if start >= len(text):
            break
        made.append(Block(list(_pieces(text, reached, start, findings.indicators))))
        reached = min(end, len(text))
        made.append(Block(list(_pieces(text, start, reached, findings.indicators)), number, ", ".join(techniques)))
    made.append(Block(list(_pieces(text, reached, len(text), findings.indicators))))
    return [block for block in made if block.pieces]


def numbers(findings: Findings) -> dict[tuple[int, int], int]:
    """The number that `blocks` gives each sentence, by its span."""
    spans = sorted({(proposal.start, proposal.end) for proposal in findings.proposals})
    return {span: number for number, span in enumerate(spans, 1)}


def _pieces(text: str, start: int, end: int, indicators: Sequence[Indicator]) -> Iterator[Piece]:
    """Pieces of `text[start:end]`; an indicator that crosses an edge is shown on both sides of it."""
    for indicator in indicators:
        left, right = max(indicator.start, start), min(indicator.end, end)
        if left >= right:
            continue
        if left > start:
            yield Piece(text[start:left])
        yield Piece(text[left:right], indicator)
        start = right
    if start < end:
        yield Piece(text[start:end])
