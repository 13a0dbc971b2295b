"""Headings, paragraphs, tables and charts, one below the other, with page breaks where they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sild.sandbox.engine.pdf.tagged import HEIGHT, WIDTH, Document, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

MARGIN = 48.0
INNER = WIDTH - 2 * MARGIN
LINE = 1.35
_HEADINGS = {1: 18.0, 2: 13.0, 3: 11.0}
_TEXT, _SMALL, _TINY = 9.5, 8.5, 7.5
_QUIET = 0.35
_PADDING = 4.0
_BAR = 17.0
_LABELS, _VALUES = 190.0, 92.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure in a chart.

    Attributes:
        label: what it is.
        value, low, high: the figure and its interval.
        threshold: what was asked of it, if anything.
        shown: figure and interval as text.
    """

    label: str
    value: float
    low: float
    high: float
    threshold: float | None
    shown: str


def chart_height(bars: int) -> float:
    """The room in points that a chart wants before it begins; one longer than half a page goes on to the next."""
    return min(bars * _BAR, HEIGHT / 2) + 20


class Flow:
    """A document that is filled from top to bottom."""

    def __init__(self, title: str, language: str, subject: str, footer: str) -> None:
        """Begin a document.

        Args:
            title: for its metadata.
            language: as a BCP 47 tag.
            subject: what it is about.
            footer: at the bottom of each page, before the number.
        """
        self.document = Document(title, language, subject)
        self._footer = footer
        self._y = 0.0
        self._break()

    def heading(self, level: int, words: str, *, following: float = 0) -> None:
        """A heading, kept together with what follows it.

        Args:
            level: 1 to 3.
            words: of the heading.
            following: height in points of what must stand on the same page; by default two lines.
        """
        size = _HEADINGS[level]
        self._room(size * LINE * 3 + following)
        self._y -= size * 0.8
        with self.document.inside(f"H{level}"):
            self._lines(words, size, font="B")
        self._y -= size * 0.3

    def paragraph(self, words: str, *, quiet: bool = False, bold: bool = False) -> None:
        """A paragraph."""
        with self.document.inside("P"):
            self._lines(words, _SMALL if quiet else _TEXT, font="B" if bold else "R", grey=_QUIET if quiet else 0)
        self._y -= 4

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float]) -> None:
        """A table; its head comes again on each page that it goes on to.

        Args:
            head: titles of the columns.
            rows: texts of the cells.
            shares: of the columns in the width.
        """
        widths = [INNER * share / sum(shares) for share in shares]
        with self.document.inside("Table"):
            self._row(head, widths, head=True)
            for row in rows:
                if self._y - self._height(row, widths, "R") < MARGIN + 20:
                    self._break()
                    with self.document.artifact():
                        self._cells(head, widths, font="B", tagged=False)
                self._row(row, widths, head=False)
        self._y -= 6

    def chart(self, bars: Sequence[Bar], alternative: str, highest: float = 1.0) -> None:
        """Figures with intervals and thresholds on one axis from 0.

        Args:
            bars: the figures.
            alternative: the same in words, for who does not see it.
            highest: the axis's other end.
        """
        self._room(chart_height(len(bars)))
        place = 0
        while place < len(bars):
            fitting = max(1, int((self._y - MARGIN - 40) / _BAR))
            part = bars[place : place + fitting]
            with self.document.inside("Figure", f"/Alt {quoted(alternative)}"), self.document.content():
                for bar in part:
                    self._bar(bar, highest)
                self._axis(highest)
            place += fitting
            if place < len(bars):
                self._break()
        self._y -= 8

    def write(self) -> bytes:
        """The PDF file."""
        return self.document.write()

    def _bar(self, bar: Bar, highest: float) -> None:
        """One figure: a line for the interval, a dot for the value, a tick for the threshold."""
        draw, y = self.document.draw, self._y - _BAR / 2
        label = self._wrapped(bar.label, _LABELS - 6, _TINY)
        more = "…" if len(label) > 1 else ""
        self.document.text(MARGIN, y - 2.5, label[0] + more, _TINY)
        left, width = MARGIN + _LABELS, INNER - _LABELS - _VALUES

        def at(value: float) -> float:
            return left + width * min(max(value / highest, 0.0), 1.0)

        draw(f"0.85 G 0.5 w {left:.2f} {y:.2f} m {left + width:.2f} {y:.2f} l S")
        draw(f"0.10 0.35 0.65 RG 2.5 w {at(bar.low):.2f} {y:.2f} m {at(bar.high):.2f} {y:.2f} l S")
        draw(f"0.05 0.20 0.45 rg {at(bar.value) - 2.5:.2f} {y - 2.5:.2f} 5 5 re f")
        if bar.threshold is not None:
            draw(
                f"0.75 0.10 0.10 RG 1.5 w {at(bar.threshold):.2f} {y - 6:.2f} m {at(bar.threshold):.2f} {y + 6:.2f} l S"
            )
        self.document.text(left + width + 8, y - 2.5, bar.shown, _TINY)
        self._y -= _BAR

    def _axis(self, highest: float) -> None:
        """The axis below the figures."""
        left, width = MARGIN + _LABELS, INNER - _LABELS - _VALUES
        self.document.draw(f"0.4 G 0.7 w {left:.2f} {self._y:.2f} m {left + width:.2f} {self._y:.2f} l S")
        for step in range(5):
            x = left + width * step / 4
            words = f"{highest * step / 4:g}"
            self.document.text(x - self.document.width(words, 7) / 2, self._y - 9, words, 7, grey=_QUIET)
        self._y -= 14

    def _row(self, cells: Sequence[str], widths: Sequence[float], *, head: bool) -> None:
        """A row of a table."""
        font = "B" if head else "R"
        if self._y - self._height(cells, widths, font) < MARGIN + 20:
            self._break()
        with self.document.inside("TR"):
            self._cells(cells, widths, font=font, tagged=True)
        with self.document.artifact():
            self.document.draw(f"0.8 G 0.5 w {MARGIN:.2f} {self._y:.2f} m {WIDTH - MARGIN:.2f} {self._y:.2f} l S")

    def _cells(self, cells: Sequence[str], widths: Sequence[float], *, font: str, tagged: bool) -> None:
        """The cells of a row beside each other."""
        x, top, height = MARGIN, self._y, self._height(cells, widths, font)
        for words, width in zip(cells, widths, strict=True):
            lines = self._wrapped(words, width - 2 * _PADDING, _SMALL, font)
            if tagged:
                scope = "/A <</O /Table /Scope /Column>>" if font == "B" else ""
                with self.document.inside("TH" if font == "B" else "TD", scope), self.document.content():
                    self._put(lines, x + _PADDING, top - _PADDING, font)
            else:
                self._put(lines, x + _PADDING, top - _PADDING, font)
            x += width
        self._y = top - height

    def _put(self, lines: Sequence[str], x: float, top: float, font: str) -> None:
        """Lines of a cell below each other."""
        for number, words in enumerate(lines):
            self.document.text(x, top - _SMALL - number * _SMALL * LINE, words, _SMALL, font=font)

    def _height(self, cells: Sequence[str], widths: Sequence[float], font: str) -> float:
        """How high a row is."""
        lines = [
            len(self._wrapped(words, width - 2 * _PADDING, _SMALL, font))
            for words, width in zip(cells, widths, strict=True)
        ]
        return max(lines) * _SMALL * LINE + 2 * _PADDING

    def _lines(self, words: str, size: float, *, font: str = "R", grey: float = 0) -> None:
        """Wrapped lines of the element that is open, over as many pages as they need."""
        for line in self._wrapped(words, INNER, size, font):
            self._room(size * LINE)
            self._y -= size * LINE
            with self.document.content():
                self.document.text(MARGIN, self._y, line, size, font=font, grey=grey)

    def _wrapped(self, words: str, width: float, size: float, font: str = "R") -> list[str]:
        """A text in lines no wider than the width; a word that is longer, as a digest is, is broken."""
        lines = [""]
        for word in words.split():
            rest = word
            while rest:
                candidate = f"{lines[-1]} {rest}".strip()
                if self.document.width(candidate, size, font) <= width:
                    lines[-1], rest = candidate, ""
                elif lines[-1] and self.document.width(rest, size, font) <= width:
                    lines.append("")
                else:
                    fitting = self._fitting(rest, width, size, font)
                    lines[len(lines) - (0 if lines[-1] else 1) :] = [rest[:fitting], ""]
                    rest = rest[fitting:]
        return lines if lines[-1] or len(lines) == 1 else lines[:-1]

    def _fitting(self, word: str, width: float, size: float, font: str) -> int:
        """How many of a word's characters fit into a line."""
        fitting = 1
        while fitting < len(word) and self.document.width(word[: fitting + 1], size, font) <= width:
            fitting += 1
        return fitting

    def _room(self, height: float) -> None:
        """Make sure that so much room is left on the page."""
        if self._y - height < MARGIN + 20:
            self._break()

    def _break(self) -> None:
        """Go to a new page, with its number at the bottom."""
        self.document.new_page()
        self._y = HEIGHT - MARGIN
        number = str(len(self.document.pages))
        with self.document.artifact():
            self.document.text(MARGIN, MARGIN - 12, self._footer, 7, grey=_QUIET)
            self.document.text(WIDTH - MARGIN - self.document.width(number, 7), MARGIN - 12, number, 7, grey=_QUIET)
