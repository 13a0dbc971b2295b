"""The labelled corpus is in its form, and what is not is refused with the line."""

import json

import pytest

from sild.analyst.engine.errors import KnowledgeError
from sild.analyst.training import corpus

pytestmark = pytest.mark.unit

ROW = {
    "id": "en-train-001",
    "language": "en",
    "side": "train",
    "text": "It takes screenshots of the desktop. Then it waits for one hour.",
    "spans": [{"start": 3, "end": 20, "type": "technique", "technique": "T1113"}],
}


def test_the_shipped_reports_are_read_by_side():
    tests, train = corpus.shipped("test"), corpus.shipped("train")
    assert {report.language for report in tests} == {"en", "et", "uk"}
    assert (len(tests), len(train)) == (45, 45)
    assert not {report.text for report in tests} & {report.text for report in train}


def test_sentences_carry_the_techniques_of_their_spans():
    [marked, other] = corpus.sentences(corpus.parse(json.dumps(ROW).encode()))
    assert (marked.techniques, marked.kind, other.techniques, other.kind) == (("T1113",), "report", (), "unmarked")


@pytest.mark.parametrize(
    "changes",
    [
        {"spans": [{"start": 3, "end": 99, "type": "technique", "technique": "T1113"}]},
        {"spans": [{"start": 3, "end": 9, "type": "nonsense"}]},
        {"spans": [{"start": 3, "end": 9, "type": "actor"}]},
        {"side": "both"},
        {"text": 5},
    ],
)
def test_what_is_not_in_the_form_is_refused_with_its_line(changes):
    data = json.dumps(ROW) + "\n" + json.dumps({**ROW, **changes})
    with pytest.raises(KnowledgeError, match="Line 2"):
        corpus.parse(data.encode())
