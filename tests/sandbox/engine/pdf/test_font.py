"""Fonts as they are embedded: all letters of three languages, and only the outlines that are used."""

from __future__ import annotations

import struct

import pytest

from sild.sandbox.engine.pdf.font import Font

pytestmark = pytest.mark.unit

LETTERS = "abc ABC õäöüšž ÕÄÖÜŠŽ абвгґдеєжзиіїйклмнопрстуфхцчшщьюя АБВГҐДЕЄЖЗИІЇЙ «»“”„–—’…·≤≥"


def test_the_letters_of_three_languages_are_there():
    for name in ("Regular", "Bold"):
        font = Font(name)
        assert [sign for sign in LETTERS if not font.has(sign)] == []
        assert font.width("i") < font.width("W")
        assert font.metrics.ascent > 0 > font.metrics.descent


def test_a_subset_keeps_glyph_numbers_and_drops_what_is_not_used():
    font = Font("Regular")
    codes = font.encode("õґ")
    assert len(codes) == 4
    data = font.subset()
    assert len(data) < 60_000
    count = struct.unpack_from(">H", data, 4)[0]
    tags = [data[12 + 16 * number :][:4] for number in range(count)]
    assert {b"glyf", b"loca", b"head", b"hmtx"} <= set(tags)
    assert tags == sorted(tags)


def test_what_the_font_lacks_is_a_question_mark():
    font = Font("Regular")
    assert font.encode("漢") == font.encode("?")
    assert font.width("漢") == font.width("?")
