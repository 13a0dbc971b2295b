"""Indicators in CSV."""

import pytest

from sild.threats.engine import csvmap

pytestmark = pytest.mark.unit


def test_usual_headings_need_no_mapping():
    rows = list(csvmap.read("\ufeffIndicator;Comment;TLP\n203.0.113[.]5;scanner;green\n# note;;\n;;\n"))
    assert [(row.line, row.asked.value, row.fields) for row in rows] == [
        (2, "203.0.113.5", {"description": "scanner", "tlp": "green"})
    ]


def test_a_mapping_says_which_column_is_what():
    mapping = csvmap.parse_mapping("value=addr, confidence=sure")
    [row] = csvmap.read("addr,sure\nevil.example,80\n", mapping)
    assert (row.asked.kind, row.fields) == ("domain-name", {"confidence": "80"})


@pytest.mark.parametrize("text", ["value", "colour=red"])
def test_a_mapping_of_another_form_is_refused(text):
    with pytest.raises(csvmap.MappingError, match="field=column"):
        csvmap.parse_mapping(text)


@pytest.mark.parametrize(
    ("text", "mapping", "words"),
    [
        ("a,b\n1,2\n", {"value": "c"}, "no column “c”"),
        ("a,b\n1,2\n", {}, "Say which column"),
        ("value\n" + "evil.example\n" * 3, {}, "Split it"),
    ],
)
def test_what_does_not_fit_is_said_with_what_the_file_has(monkeypatch, text, mapping, words):
    monkeypatch.setattr(csvmap, "MOST_ROWS", 2)
    with pytest.raises(csvmap.MappingError, match=words):
        list(csvmap.read(text, mapping))
