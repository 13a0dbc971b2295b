"""Suites and their dates."""

from datetime import date

import pytest

from sild.trust.errors import SuiteError
from sild.trust.suites import CURRENT, SUITES, require_usable

pytestmark = pytest.mark.unit


def test_the_current_suite_is_usable_within_its_dates():
    suite = SUITES[CURRENT]
    assert require_usable(CURRENT, suite.first) is suite
    assert require_usable(CURRENT, suite.last) is suite


@pytest.mark.parametrize(
    ("name", "day", "code"),
    [
        ("sild-1999", date(2026, 6, 1), "unknown-suite"),
        (CURRENT, date(2025, 12, 31), "early-suite"),
        (CURRENT, date(2031, 1, 1), "retired-suite"),
    ],
)
def test_other_suites_and_other_days_are_refused_with_a_reason(name, day, code):
    with pytest.raises(SuiteError) as caught:
        require_usable(name, day)
    assert caught.value.code == code
