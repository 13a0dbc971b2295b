"""Detection rules."""

import pytest

from sild.threats.engine import detection
from threats.examples import SIGMA, YARA

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("kind", "text", "name"),
    [
        ("sigma", SIGMA, "Example of a suspicious download"),
        ("yara", YARA, "example_marker"),
        ("yara", "/* rule not_this { */ private rule b : tag { condition: true }", "b"),
        ("snort", "alert tcp any any -> any any\nmore", "alert tcp any any -> any any"),
    ],
)
def test_a_rule_is_called_as_it_calls_itself(kind, text, name):
    assert detection.check(kind, text) == name


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("sigma", " ", "empty"),
        ("sigma", "a: [", "not YAML"),
        ("sigma", "- a", "mapping"),
        ("sigma", "title: x", "lacks “logsource”"),
        ("sigma", "title: x\nlogsource: {a: b}\ndetection: {a: b}", "lacks a “condition”"),
        ("yara", "nothing", "no YARA rule"),
        ("yara", "rule a { strings: }", "no condition"),
    ],
)
def test_what_is_missing_is_said(kind, text, words):
    with pytest.raises(detection.RuleError, match=words):
        detection.check(kind, text)
