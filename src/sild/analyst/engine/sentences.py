"""Splits a text into sentences with their place in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 1_000
SHORTEST = 12

# A blank line, or a line that starts as a heading, an item of a list, a row of a table or a quotation, ends a sentence.
_BLOCK = re.compile(r"\n(?:[ \t\r]{0,8}+\n)+|\n(?=[ \t]{0,8}(?:[#>|*•–-]{1,6}[ \t]|\d{1,3}[.)][ \t]))")
_END = re.compile(r"[.!?…]{1,3}[\"'»”’)\]]{0,2}\s(?=[\s\"'«“„(\[]{0,4}[^\W_a-zа-яіїєґõäöüšž])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|mr|mrs|dr|inc|ltd|corp|nr|nt|s\.t|s\.o|lk|vt|jne|jms|sh|st|a|м|р|рр|ст|вул"
    r"|ім|див|напр|т\.д|т\.п|т\.зв|тзв|тис|млн|грн|проф|обл|[A-ZА-ЯІЇЄҐ])\.$",
    re.IGNORECASE,
)
_LOOK_BACK = 12
_LEAD = re.compile(r"\s*(?:[#>|*•–-]{1,6}[ \t]|\d{1,3}[.)][ \t])?\s*")


class Sentence(NamedTuple):
    """A sentence and where it stands: `text == whole[start:end]`."""

    text: str
    start: int
    end: int


def split(text: str) -> Iterator[Sentence]:
    """Sentences in order; what is shorter than 12 characters is left out, what is longer than 1,000 is cut there."""
    start = 0
    for block in (*_BLOCK.finditer(text), None):
        end = block.start() if block else len(text)
        yield from _in_block(text, start, end)
        start = block.end() if block else end


def _in_block(text: str, start: int, stop: int) -> Iterator[Sentence]:
    for match in _END.finditer(text, start, stop):
        mark = match.start() + 1
        if text[match.start()] == "." and _ABBREVIATION.search(text[max(start, mark - _LOOK_BACK) : mark]):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, stop)


def _trimmed(text: str, start: int, end: int) -> Iterator[Sentence]:
    lead = _LEAD.match(text, start, end)
    start = lead.end() if lead else start
    while start < end:
        stop = min(end, start + LONGEST)
        piece = text[start:stop].rstrip(" \t\r\n|")
        if len(piece) >= SHORTEST:
            yield Sentence(piece, start, start + len(piece))
        start = stop
