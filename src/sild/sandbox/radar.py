"""Two reports on one radar: numbers for the page's drawing, whose text alternative is the table beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

RADIUS = 100.0
_LESS_IS_BETTER = ("_ms", "_ms_per_answer", "_error", "brier_score")
_FEWEST, _MOST = 3, 16
_RINGS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """A figure: its letter, the end of its axis, where the letter stands, and both runs' intervals on it."""

    letter: str
    x: str
    y: str
    label_x: str
    label_y: str
    intervals: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Radar:
    """The drawing: axes, rings and the two runs' outlines, as the points of polygons."""

    axes: tuple[Axis, ...]
    rings: tuple[str, ...]
    outlines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of the first run, the second's, and the letter of its axis; empty when it has none."""

    one: dict[str, Any]
    other: dict[str, Any] | None
    letter: str


def paired(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> list[Row]:
    """The figures of two runs side by side; those that lie between 0 and 1 get letters, as many as a radar can show."""
    theirs = {(one["name"], one["slice"]): one for one in second}
    letters = iter(ascii_uppercase[:_MOST])
    rows = []
    for one in first:
        other = theirs.get((one["name"], one["slice"]))
        fits = other is not None and all(_is_share(metric) for metric in (one, other))
        rows.append(Row(one, other, next(letters, "") if fits else ""))
    return rows


def _is_share(metric: dict[str, Any]) -> bool:
    """Whether a figure can stand on an axis from 0 to 1, where further out is better for all."""
    name = metric["name"]
    if name.startswith("gap:") or name.endswith(_LESS_IS_BETTER):
        return False
    return bool(metric["low"] >= 0 and metric["high"] <= 1)


def draw(rows: list[Row]) -> Radar | None:
    """The radar of the figures that have letters; None when they are too few for one."""
    shown = [row for row in rows if row.letter]
    if len(shown) < _FEWEST:
        return None
    angles = [2 * math.pi * place / len(shown) - math.pi / 2 for place in range(len(shown))]
    both = [(row.one, row.other or row.one) for row in shown]
    axes = tuple(_axis(row.letter, angle, pair) for row, angle, pair in zip(shown, angles, both, strict=True))
    rings = tuple(_polygon([(ring, angle) for angle in angles]) for ring in _RINGS)
    outlines = tuple(
        _polygon([(pair[side]["value"], angle) for pair, angle in zip(both, angles, strict=True)]) for side in (0, 1)
    )
    return Radar(axes, rings, outlines)


def _axis(letter: str, angle: float, pair: tuple[dict[str, Any], dict[str, Any]]) -> Axis:
    """One axis."""
    (x, y), (label_x, label_y) = _point(1, angle), _point(1.14, angle)
    intervals = tuple((*_point(one["low"], angle), *_point(one["high"], angle)) for one in pair)
    return Axis(letter, x, y, label_x, label_y, intervals)


def _polygon(points: list[tuple[float, float]]) -> str:
    """Points as SVG wants them."""
    return " ".join(",".join(_point(share, angle)) for share, angle in points)


def _point(share: float, angle: float) -> tuple[str, str]:
    """A place on an axis, with a point as SVG wants it whatever the reader's language."""
    return f"{RADIUS * share * math.cos(angle):.1f}", f"{RADIUS * share * math.sin(angle):.1f}"
