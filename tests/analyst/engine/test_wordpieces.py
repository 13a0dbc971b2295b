"""Pieces of words: as BERT's own tokenizer cuts them, for words, signs, accents and what is no text."""

import pytest

from sild.analyst.engine.wordpieces import WordPieces

pytestmark = pytest.mark.unit

PIECES = ["[UNK]", "[CLS]", "[SEP]", "the", "mal", "##ware", "##s", "cafe", ".", "_", "ls", "##ass", "exe", "日", "ok"]


@pytest.fixture(scope="module")
def cut():
    pieces = WordPieces.of(PIECES)
    return lambda text, most=64: [PIECES[number] for number in pieces(text, most)[1:-1]]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("The malwares", ["the", "mal", "##ware", "##s"]),
        ("lsass.exe", ["ls", "##ass", ".", "exe"]),
        ("Café THE", ["cafe", "the"]),
        ("the_the", ["the", "_", "the"]),
        ("the日ok", ["the", "日", "ok"]),
        ("the\u200bok\0", ["[UNK]"]),
        ("  the\n\tok ", ["the", "ok"]),
        ("кіт ok", ["[UNK]", "ok"]),
        ("x" * 101 + " ok", ["[UNK]", "ok"]),
        ("\ud800the", ["the"]),
        ("", []),
    ],
)
def test_a_text_is_cut_into_the_longest_known_pieces(cut, text, pieces):
    assert cut(text) == pieces


def test_what_is_too_long_keeps_its_beginning_and_its_end_sign():
    numbers = WordPieces.of(PIECES)("the " * 1_000_000, 8)
    assert [PIECES[number] for number in numbers] == ["[CLS]", *["the"] * 6, "[SEP]"]
