"""Confidence intervals against published and simulated values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.sandbox.engine.intervals import bootstrap, wilson

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_figures(successes, n, low, high):
    assert wilson(successes, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_within_0_and_1(successes, more):
    n = successes + more
    low, high = wilson(successes, n)
    assert 0 <= low <= (successes / n if n else 0.5) + 1e-12
    assert low < high <= 1


def test_wilson_says_nothing_about_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_bootstrap_covers_a_known_mean_about_as_often_as_it_says():
    generator = np.random.default_rng(1)
    covered = 0
    for round_ in range(200):
        data = generator.random(60) < 0.3
        [(low, high)] = bootstrap(60, lambda drawn, data=data: np.array([(drawn * data).sum() / 60]), round_)
        covered += low <= 0.3 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_the_bootstrap_of_nothing_is_one_figure():
    assert bootstrap(0, lambda _drawn: np.array([0.0]), 0) == [(0.0, 0.0)]
