"""Measures whether each language is served alike: F1 of what is found in whole labelled reports, and the gap."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sild.analyst.engine.reader import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.analyst.engine.model import Model
    from sild.analyst.engine.reader import Findings
    from sild.analyst.training.corpus import Report

WHAT = ("techniques", "indicators", "names")
_Found = dict[str, set[tuple[str, ...]]]


def measure(model: Model, reports: Sequence[Report]) -> dict[str, Any]:
    """Precision, recall and F1 by language over sets for each report, and the gap in F1 to the best language.

    A technique counts when its id is right, wherever in the report; an indicator when kind and value are; a name of an
    actor, malware or tool when it is the right one.
    """
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: {what: [0, 0, 0] for what in WHAT})
    for report in reports:
        wanted, given = _wanted(report), _given(read(report.text, model))
        for what in WHAT:
            for place, number in enumerate((len(wanted[what] & given[what]), len(given[what]), len(wanted[what]))):
                counts[report.language][what][place] += number
    languages = {
        language: {what: _figures(*numbers) for what, numbers in by_what.items()}
        for language, by_what in sorted(counts.items())
    }
    return {"reports": len(reports), "languages": languages, "gap": {what: _gap(languages, what) for what in WHAT}}


def _wanted(report: Report) -> _Found:
    found: _Found = {what: set() for what in WHAT}
    for span in report.spans:
        if span["type"] == "technique":
            found["techniques"].add((span["technique"],))
        elif span["type"] == "indicator":
            found["indicators"].add((span["kind"], span["value"]))
        else:
            found["names"].add((span["type"], span["value"].lower()))
    return found


def _given(found: Findings) -> _Found:
    """The corpus calls tools malware, too; an actor's number that has no group of its own is its name."""
    taken = {(one.start, one.end) for one in found.entities}
    numbered = [one for one in found.indicators if one.kind == "actor" and (one.start, one.end) not in taken]
    names = {("actor" if one.kind == "actor" else "malware", one.name.lower()) for one in found.entities}
    return {
        "techniques": {(technique,) for technique in found.techniques},
        "indicators": {(one.kind, one.value) for one in found.indicators if one.kind != "actor"},
        "names": names | {("actor", one.value.lower()) for one in numbered},
    }


def _figures(right: int, given: int, wanted: int) -> dict[str, float]:
    return {
        "f1": round(2 * right / max(1, given + wanted), 4),
        "precision": round(right / max(1, given), 4),
        "recall": round(right / max(1, wanted), 4),
        "wanted": wanted,
    }


def _gap(languages: dict[str, dict[str, dict[str, float]]], what: str) -> float:
    """Between the best and the worst language, in points of F1."""
    scores = [figures[what]["f1"] for figures in languages.values()]
    return round(100 * (max(scores) - min(scores)), 1) if scores else 0.0
