"""One hundred and fifty indicators set into Ukrainian reports: all found with their places, and nothing else."""

import json
from collections import Counter
from pathlib import Path

import pytest

from sild.analyst.engine.indicators import KINDS, extract

pytestmark = pytest.mark.unit

REPORTS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "indicators-uk.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_all_are_found_where_they_stand_and_no_decoy_is():
    for report in REPORTS:
        wanted = {(one["start"], one["end"], one["kind"], one["value"]) for one in report["indicators"]}
        assert {(one.start, one.end, one.kind, one.value) for one in extract(report["text"])} == wanted, report["id"]


def test_there_are_as_many_as_is_said_of_nearly_every_kind_and_each_says_where_it_is_from():
    marks = [one for report in REPORTS for one in report["indicators"]]
    assert len({one["value"] for one in marks}) == len(marks) == 150
    assert set(KINDS) - {one["kind"] for one in marks} == {"jarm", "dogecoin", "tron"}
    assert Counter(one["origin"].startswith("TRAM 2: ") for one in marks)[True] >= 110
    assert all(report["decoys"] for report in REPORTS)
    assert all(decoy in report["text"] for report in REPORTS for decoy in report["decoys"])
