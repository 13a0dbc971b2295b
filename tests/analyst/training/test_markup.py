"""ATT&CK's markup, whole and torn."""

import pytest

from sild.analyst.training.markup import clean

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "plain", "whole"),
    [
        ("[X](https://attack.mitre.org/software/S1) ran.(Citation: A 2020)(Citation: B)", "X ran.", True),
        ("It ran <code>cmd</code> and `ps`.", "It ran cmd and ps.", True),
        ("It ran.(Citation: A long na...", "It ran.", True),
        ("It ran.(Cit...", "It ran.", True),
        ("It ran with [Cobalt Strike](https://att...", "It ran with Cobalt Strike", False),
        ("It ran with [Cobalt Str...", "It ran with Cobalt Str", False),
        ("It ran to rea...", "It ran to rea", False),
        ("", "", True),
    ],
)
def test_words_stay_and_what_was_lost_is_told(text, plain, whole):
    assert clean(text) == (plain, whole)
