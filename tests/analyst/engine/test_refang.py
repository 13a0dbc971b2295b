"""Refanging: every common way, and offsets that lead back to the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.analyst.engine.refang import refang

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a[.]b", "a.b"),
        ("a(.)b", "a.b"),
        ("a{.}b", "a.b"),
        ("a[dot]b", "a.b"),
        ("a(DOT)b", "a.b"),
        ("a[punkt]b", "a.b"),
        ("a[крапка]b", "a.b"),
        ("a [.] b", "a.b"),
        ("a[ . ]b", "a.b"),
        ("a[.b", "a.b"),
        ("a.]b", "a.b"),
        ("a\\.b", "a.b"),
        ("a[at]b", "a@b"),
        ("a(@)b", "a@b"),
        ("h[:]//b", "h://b"),
        ("h[://]b", "h://b"),
        ("h://b[/]c", "h://b/c"),
        ("a。b．c｡d", "a.b.c.d"),
        ("a\u2011b\u2013c", "a-b-c"),
        ("a\u00a0b", "a b"),
        ("a\u200bb\u00adc\ufeff", "abc"),
        ("C:\\dir\\.ssh", "C:\\dir\\.ssh"),
        ("see [1] and [dotted]", "see [1] and [dotted]"),
        ("a—b", "a—b"),
        ("[.", "[."),
        ("", ""),
    ],
)
def test_what_was_written_is_read_as_meant(written, meant):
    assert refang(written).text == meant


def test_a_span_leads_back_to_what_was_written():
    view = refang("see bad [.] host[.]com!")
    start = view.text.index("bad.host.com")
    left, right = view.span(start, start + len("bad.host.com"))
    assert view.original[left:right] == "bad [.] host[.]com"


def test_only_what_was_defanged_counts_as_defanged():
    view = refang("a.b c[.]d e\u200bf")
    assert not view.was_defanged(0, 3)
    assert view.was_defanged(4, 7)
    assert not view.was_defanged(8, 10)


PARTS = st.sampled_from(
    ["[.]", "(at)", "[:]//", "\u200b", "\u2011", ".]", "[.", "\\.", " ", "x", "é", "слово", "[", ")"]
)


@given(st.lists(PARTS, max_size=40).map("".join))
def test_spans_of_single_characters_stay_in_order_and_inside(text):
    view = refang(text)
    reached = 0
    for place in range(len(view.text)):
        start, end = view.span(place, place + 1)
        assert reached <= start < end <= len(text)
        reached = start
