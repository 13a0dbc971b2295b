"""Annotated reports in the compact form, and what ships of TRAM."""

import gzip

import pytest

from sild.analyst.engine.errors import KnowledgeError
from sild.analyst.training import reports

pytestmark = pytest.mark.unit

TEXT = "The malware takes screenshots. Nobody noticed anything. It side-loads a library. The office was closed."
REPORT = {
    "title": "Example report",
    "text": TEXT,
    "annotations": [
        {"type": "SEGMENT", "start": 0, "end": len(TEXT)},
        {"type": "Screen Capture (T1113)", "start": 12, "end": 29},
        {"type": "DLL Side-Loading (T1574.002)", "start": 58, "end": 80},
        {"type": "[OTHER]", "start": 0, "end": 3},
    ],
}


def test_spans_and_sentences_keep_their_techniques_and_their_report():
    found = reports.parse(reports.condense([REPORT]))
    assert [(one.text, one.techniques, one.kind) for one in found] == [
        ("The malware takes screenshots.", ("T1113",), "report"),
        ("Nobody noticed anything.", (), "unmarked"),
        ("It side-loads a library.", ("T1574.001",), "report"),
        ("takes screenshots", ("T1113",), "span"),
        ("side-loads a library.", ("T1574.001",), "span"),
    ]
    assert {one.group for one in found} == {"report:Example report"}


def test_the_same_reports_give_the_same_bytes_in_any_order():
    other = {**REPORT, "title": "Another"}
    assert reports.condense([REPORT, other]) == reports.condense([other, REPORT])


@pytest.mark.parametrize(
    "data",
    [b"", b"not gzip", *(gzip.compress(text, mtime=0) for text in (b"{}", b"[1]", b"x"))],
    ids=["nothing", "not gzip", "no list", "a number", "not JSON"],
)
def test_what_is_not_in_the_form_is_refused(data):
    with pytest.raises(KnowledgeError):
        reports.parse(data)


def test_what_ships_is_whole():
    sentences, digest = reports.shipped()
    assert len({one.group for one in sentences}) == 131
    assert sum(one.kind == "span" for one in sentences) > 4000
    assert digest.startswith("sha256:")
