"""Where to draw an object's neighbours: a ring around it, in whole pixels, without overlaps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 760, 440
BOX_WIDTH, BOX_HEIGHT = 168, 40
# As many as fit around without touching; the list beside the picture has all.
MOST = 10


@dataclass(frozen=True, slots=True)
class Place:
    """A neighbour's box and the line to the middle.

    Attributes:
        x, y: the middle of the box.
        left, top: its corner.
        label_x, label_y: where the line's label stands.
    """

    x: int
    y: int
    left: int
    top: int
    label_x: int
    label_y: int


def ring(count: int) -> list[Place]:
    """Places for `count` neighbours around the middle of the picture, at most `MOST`, beginning at the top."""
    shown = min(count, MOST)
    across, down = WIDTH / 2 - BOX_WIDTH / 2 - 4, HEIGHT / 2 - BOX_HEIGHT / 2 - 4
    return [_at(math.tau * number / shown - math.pi / 2, across, down) for number in range(shown)]


def shortened(text: str, most: int = 22) -> str:
    """A text that fits into a box."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def summary(labels: Sequence[str]) -> str:
    """The labels with how often each occurs, most frequent first: what the picture says in words."""
    counts = sorted(((labels.count(label), label) for label in set(labels)), key=lambda pair: (-pair[0], pair[1]))
    return ", ".join(f"{label} ({count})" for count, label in counts)


def _at(angle: float, across: float, down: float) -> Place:
    x = round(WIDTH / 2 + across * math.cos(angle))
    y = round(HEIGHT / 2 + down * math.sin(angle))
    # Two thirds of the way out, where lines are already apart.
    label_x = round(WIDTH / 2 + across * 0.55 * math.cos(angle))
    label_y = round(HEIGHT / 2 + down * 0.55 * math.sin(angle))
    return Place(x, y, x - BOX_WIDTH // 2, y - BOX_HEIGHT // 2, label_x, label_y)
