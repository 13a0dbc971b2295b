"""The radar: which figures stand on it."""

from __future__ import annotations

import pytest

from sild.sandbox import radar

pytestmark = pytest.mark.unit


def metric(name, value=0.5, low=0.4, high=0.6, part=""):
    return {"name": name, "slice": part, "value": value, "low": low, "high": high}


def test_figures_of_which_less_is_better_have_no_axis():
    names = ["accuracy", "gap:language", "brier_score", "calibration_error", "latency_p95_ms", "micro_f1", "chrf"]
    figures = [metric(name) for name in names]
    rows = radar.paired(figures, figures)
    assert [row.one["name"] for row in rows if row.letter] == ["accuracy", "micro_f1", "chrf"]
    assert [row.letter for row in rows if row.letter] == ["A", "B", "C"]
    assert len(radar.draw(rows).axes) == 3


def test_a_figure_that_leaves_the_rings_or_stands_in_one_run_alone_has_no_axis():
    first = [metric("accuracy"), metric("chrf", 1.2, 1.1, 1.3), metric("refused"), metric("answered")]
    rows = radar.paired(first, first[:3])
    assert [row.letter for row in rows] == ["A", "", "B", ""]
    assert radar.draw(rows) is None
