"""F1 by language and the gap, from whole reports."""

import pytest

from sild.analyst.engine.model import load
from sild.analyst.training import corpus, parity

pytestmark = pytest.mark.unit


def report(language, *spans):
    text = "Sandworm Team used Mimikatz to dump credentials from LSASS memory on 203.0.113[.]5."
    return corpus.Report("x", language, "test", text, spans)


ALL = (
    {"start": 0, "end": 13, "type": "actor", "value": "Sandworm Team"},
    {"start": 19, "end": 27, "type": "malware", "value": "Mimikatz"},
    {"start": 28, "end": 67, "type": "technique", "technique": "T1003.001"},
    {"start": 71, "end": 84, "type": "indicator", "kind": "ipv4", "value": "203.0.113.5"},
)


def test_figures_and_the_gap_between_languages():
    figures = parity.measure(load(), [report("en", *ALL), report("et", *ALL[:3])])
    assert figures["languages"]["en"]["indicators"] == {"f1": 1.0, "precision": 1.0, "recall": 1.0, "wanted": 1}
    assert figures["languages"]["en"]["names"]["f1"] == 1.0
    assert figures["languages"]["en"]["techniques"]["recall"] == 1.0
    assert figures["gap"]["indicators"] == 100.0
    assert figures["gap"]["names"] == 0.0


def test_nothing_to_measure_has_no_gap():
    assert parity.measure(load(), [])["gap"] == {"techniques": 0.0, "indicators": 0.0, "names": 0.0}


def test_indicators_and_names_are_found_alike_in_each_language():
    gap = parity.measure(load(), corpus.shipped("test"))["gap"]
    assert gap["indicators"] <= 5
    assert gap["names"] <= 5
