"""Scorers: how an output is compared with a target, and which figures come of it."""

from __future__ import annotations

from typing import Any

from sild.sandbox.engine.scorers.base import Metric, Scorer, as_words, member
from sild.sandbox.engine.scorers.conduct import Civil, Discreet, Refusal, Steadfast
from sild.sandbox.engine.scorers.fairness import Calibrated, EvenHanded, Stable
from sild.sandbox.engine.scorers.graded import Graded
from sild.sandbox.engine.scorers.labels import Multilabel
from sild.sandbox.engine.scorers.match import Answer, Choice, Match, as_json
from sild.sandbox.engine.scorers.overlap import Overlap
from sild.sandbox.engine.scorers.quantities import Numeric, Regression, Symbolic
from sild.sandbox.engine.scorers.ranking import Retrieval
from sild.sandbox.engine.scorers.structure import Structure
from sild.sandbox.engine.scorers.withheld import Withheld

__all__ = ["SCORERS", "Metric", "Scorer", "member"]

_EVERY: tuple[Scorer[Any, Any], ...] = (
    Match("exact", as_json),
    Match("normalised", as_words),
    Answer(),
    Choice(),
    Multilabel(),
    Numeric(),
    Symbolic(),
    Regression(),
    Retrieval(),
    Overlap(),
    Structure(),
    Refusal(),
    Steadfast(),
    Discreet(),
    Civil(),
    EvenHanded(),
    Calibrated(),
    Stable(),
    Graded(),
    Withheld(),
)
SCORERS: dict[str, Scorer[Any, Any]] = {scorer.name: scorer for scorer in _EVERY}
