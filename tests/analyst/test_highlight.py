"""Pieces put together are the text; marks stand where the findings say."""

import pytest

from analyst.findings import TEXT, found
from sild.analyst import highlight, items

pytestmark = pytest.mark.unit


def test_pieces_put_together_are_the_text():
    made = highlight.blocks(TEXT, items.proposed(found()))
    assert "".join(piece.text for block in made for piece in block.pieces) == TEXT


def test_indicators_and_sentences_are_marked():
    findings = items.proposed(found())
    made = highlight.blocks(TEXT, findings)
    marked = {piece.item.key for block in made for piece in block.pieces if piece.is_first}
    assert marked == {item.key for item in findings if item.group != "technique"}
    numbered = [block for block in made if block.number]
    assert [block.number for block in numbered] == list(range(1, len(numbered) + 1))
    assert set(highlight.numbers(findings).values()) == {block.number for block in numbered}
    assert "T1003.001" in numbered[0].techniques


def test_of_a_long_text_the_beginning_is_shown():
    text = "word " * 50_000 + TEXT
    made = highlight.blocks(text, items.proposed(found(text)))
    assert sum(len(piece.text) for block in made for piece in block.pieces) == highlight.MOST_SHOWN


def test_an_indicator_across_the_edge_of_a_sentence_is_shown_on_both_sides():
    findings = items.proposed(
        found("The malware takes screenshots of the desktop at C:\\a. Bc\\d.exe then it ended there.")
    )
    text = "The malware takes screenshots of the desktop at C:\\a. Bc\\d.exe then it ended there."
    made = highlight.blocks(text, findings)
    assert "".join(piece.text for block in made for piece in block.pieces) == text
