"""Patterns from values, and values from comparisons."""

import pytest
from stix2patterns.validator import run_validator

from sild.threats.engine import comparisons
from sild.threats.engine.pasted import classify
from sild.threats.engine.sentences import DeskError

pytestmark = pytest.mark.unit
VALUES = ["203.0.113.5", "203.0.113.0/24", "2001:db8::1", "evil.example", "https://evil.example/it's", "a@evil.example"]


@pytest.mark.parametrize("value", [*VALUES, "ab" * 16, "ab" * 20, "ab" * 32])
def test_a_value_makes_a_valid_pattern_that_names_it_again(value):
    asked = classify(value)
    made = comparisons.pattern_for(asked)
    assert run_validator(made, stix_version="2.1") == []
    assert list(comparisons.values_in(made)) == [(asked.kind, asked.value)]


def test_what_has_no_usual_pattern_is_refused():
    with pytest.raises(DeskError, match="no address"):
        comparisons.pattern_for(classify("what?"))


def test_every_comparison_of_a_pattern_is_found():
    pattern = "[file:hashes.'SHA-256' = 'AA' AND file:name = 'a\\\\b'] OR [domain-name:value IN ('X.example', 'y')]"
    assert list(comparisons.values_in(pattern)) == [("file", "AA"), ("file", "a\\b"), ("domain-name", "x.example")]
    assert comparisons.main_type(pattern) == "file"
    assert comparisons.main_type("rule x {}") == "other"
