"""What the encoder of the extra `ai` brings, beside the model without it; bench/analyst.py has its spans."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import analyst_tram
from harness import Figure

import analyst
from sild.analyst.engine import files
from sild.analyst.engine import model as engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WITHOUT = "the model without it"


def run(parts: Sequence[str] = ()) -> list[Figure]:
    """All figures, or those of some parts."""
    return [replace(figure, part=part) for part in parts or PARTS for figure in PARTS[part]()]


def beside(measure: Callable[[], list[Figure]]) -> Callable[[], list[Figure]]:
    """The figures of a part with the encoder, beside those without it; a figure whose name counts may have no peer."""

    def both() -> list[Figure]:
        analyst_tram.USE_ENCODER.clear()
        without = {figure.name: figure.value for figure in measure()}
        analyst_tram.USE_ENCODER.append(True)
        with_it = measure()
        analyst_tram.USE_ENCODER.clear()
        return [
            replace(figure, peer=WITHOUT, peer_value=without[figure.name]) if figure.name in without else figure
            for figure in with_it
        ]

    return both


def size() -> list[Figure]:
    """What is added to the package."""
    return [Figure("the encoder's file", (engine.HERE / files.ENCODER_FILE).stat().st_size / 1e6, "MB")]


PARTS: dict[str, Callable[[], list[Figure]]] = {
    "families": beside(analyst.quality),
    "held-out": beside(analyst_tram.held_out),
    "languages": beside(analyst.languages),
    "cost": beside(analyst.cost),
    "size": size,
}
