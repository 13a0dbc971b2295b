"""Sentences in three languages, with their places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.analyst.engine.sentences import LONGEST, SHORTEST, split

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It came by mail. Then it ran.", ["It came by mail.", "Then it ran."]),
        ("It used tools, e.g. Mimikatz. Then it ended.", ["It used tools, e.g. Mimikatz.", "Then it ended."]),
        ("Kasutati nt. Mimikatzi. See oli kõik.", ["Kasutati nt. Mimikatzi.", "See oli kõik."]),
        ("Атака на м. Київ тривала. Потім усе стихло.", ["Атака на м. Київ тривала.", "Потім усе стихло."]),
        ("One line\nand its end. Next one here.", ["One line\nand its end.", "Next one here."]),
        ("# A long heading\n\nA text under it", ["A long heading", "A text under it"]),
        ("- the first item\n- the second item", ["the first item", "the second item"]),
        ("It asked: “Are you sure?” Nobody was sure.", ["It asked: “Are you sure?”", "Nobody was sure."]),
        ("Seen at 10.0.0.1 and v1.2. Then nothing.", ["Seen at 10.0.0.1 and v1.2.", "Then nothing."]),
        ("Short.", []),
    ],
)
def test_a_text_is_split_where_sentences_end(text, sentences):
    assert [sentence.text for sentence in split(text)] == sentences


def test_what_never_ends_is_cut():
    assert [len(sentence.text) for sentence in split("x" * 2500)] == [LONGEST, LONGEST, 500]


@given(st.text(alphabet="aB.!? \n\t-#|і…”’", max_size=300))
def test_places_match_and_are_in_order(text):
    reached = 0
    for sentence in split(text):
        assert text[sentence.start : sentence.end] == sentence.text
        assert reached <= sentence.start
        assert SHORTEST <= len(sentence.text) <= LONGEST
        reached = sentence.end
