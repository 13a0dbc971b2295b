"""What comes out of a file: its text, and where each run of it stood."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sild.analyst.engine.language import tell
from sild.analyst.engine.text import check


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of the text, from `start` to where the next one begins.

    Attributes:
        start: offset in the text, in characters.
        unit: `line`, `page`, `paragraph`, `row`, `header` or `part`.
        number: which one in the original, from 1; a line of an HTML source is the one where the run begins.
        language: BCP 47, `und` when it could not be told.
    """

    start: int
    unit: str
    number: int
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file.

    Attributes:
        format: `text`, `markdown`, `html`, `pdf`, `docx` or `email`.
        text: what was extracted; all offsets count in it.
        segments: in order, the first at 0; a text that is its own original has one for each paragraph.
        notes: what was seen and left alone: `scripts`, `attachments`, `images`, `undecodable`.
    """

    format: str
    text: str
    segments: tuple[Segment, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it, without the text."""
        segments = [[one.start, one.unit, one.number, one.language] for one in self.segments]
        return {"format": self.format, "segments": segments, "notes": list(self.notes)}


class Builder:
    """Puts runs of text together, and remembers where each one stood."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._places: list[tuple[int, str, int]] = []
        self._length = 0

    def add(self, text: str, unit: str, number: int) -> None:
        """Add a run that is a paragraph of its own."""
        if text.strip():
            self._places.append((self._length, unit, number))
            self._parts.append(text.strip("\n") + "\n\n")
            self._length += len(self._parts[-1])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return not self._parts

    def made(self, form: str, name: str, notes: tuple[str, ...] = ()) -> Extracted:
        """The whole.

        Raises:
            TextError: nothing was added, or too much.
        """
        text = check("".join(self._parts).replace("\0", " "), name)
        ends = [start for start, _, _ in self._places[1:]] + [len(text)]
        segments = tuple(
            Segment(start, unit, number, tell(text[start:end]))
            for (start, unit, number), end in zip(self._places, ends, strict=True)
        )
        return Extracted(form, text, segments, notes)
