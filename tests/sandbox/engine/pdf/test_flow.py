"""Text, tables and charts from top to bottom: nothing runs out of the page, everything is tagged."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from sild.sandbox.engine.pdf import Bar, Flow, chart_height
from sild.sandbox.engine.pdf.flow import INNER

pytestmark = pytest.mark.unit


def reader_of(flow):
    return PdfReader(io.BytesIO(flow.write()), strict=True)


def kinds(element):
    """Types of the elements in the structure, in order."""
    found = [element["/S"]] if "/S" in element else []
    below = element.get("/K", [])
    for child in below if isinstance(below, list) else [below]:
        if "/MCID" not in child.get_object():
            found += kinds(child.get_object())
    return found


def test_a_long_table_goes_on_with_its_head_repeated_for_the_eye_alone():
    flow = Flow("t", "en", "s", "foot")
    flow.heading(1, "Heading")
    flow.table(["Name", "Value"], [[f"row {number}", "x " * 60] for number in range(60)], [1, 3])
    reader = reader_of(flow)
    assert len(reader.pages) > 1
    assert all("Name" in page.extract_text() and "foot" in page.extract_text() for page in reader.pages)
    found = kinds(reader.root_object["/StructTreeRoot"]["/K"].get_object())
    assert found[:3] == ["/Document", "/H1", "/Table"]
    assert (found.count("/TH"), found.count("/TR"), found.count("/TD")) == (2, 61, 120)


def test_words_that_are_longer_than_a_line_are_broken():
    flow = Flow("t", "en", "s", "")
    lines = flow._wrapped("a " + "f" * 400 + " b", INNER, 10)
    assert "".join(lines).replace(" ", "") == "a" + "f" * 400 + "b"
    assert all(flow.document.width(line, 10) <= INNER for line in lines)
    assert flow._wrapped("", 100, 10) == [""]


def test_a_chart_is_a_figure_that_says_in_words_what_it_shows():
    flow = Flow("t", "uk", "s", "")
    bars = [Bar(f"точність {number}", 0.5, 0.4, 0.6, 0.55 if number else None, "0,5") for number in range(70)]
    flow.chart(bars, "усе словами")
    reader = reader_of(flow)
    document = reader.root_object["/StructTreeRoot"]["/K"].get_object()
    figures = [child.get_object() for child in document["/K"]]
    assert len(figures) == len(reader.pages) == 2
    assert {figure["/Alt"] for figure in figures} == {"усе словами"}
    assert "точність 69" in reader.pages[-1].extract_text()


def test_a_heading_stands_on_the_page_of_its_chart():
    flow = Flow("t", "en", "s", "")
    bars = [Bar(f"group {number}", 0.5, 0.4, 0.6, None, "0.5") for number in range(12)]
    for number in range(5):
        flow.heading(3, f"Chart {number}", following=chart_height(len(bars)))
        flow.chart(bars, "twelve groups at one half")
    for page in reader_of(flow).pages:
        text = page.extract_text()
        assert text.count("Chart") * len(bars) == text.count("group")
