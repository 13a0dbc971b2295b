"""Words for fingerprints: enough of them, none like another, and heard as they were said."""

from hashlib import sha256
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sild.trust.fingerprint import spell
from sild.trust.spoken import LANGUAGES, _fold, hear, say, words

pytestmark = pytest.mark.unit
ALPHABETS = {
    "en": "abcdefghijklmnopqrstuvwxyz",
    "et": "abcdefghijklmnopqrsšzžtuvõäöü",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}


def is_one_letter_apart(one, other):
    """Tell whether a letter changed, added or left out makes one word of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    same = next((place for place, letter in enumerate(short) if letter != long[place]), len(short))
    rest = short[same + (len(short) == len(long)) :]
    return rest == long[same + 1 :]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_one_word_for_each_byte(language):
    assert len(words(language)) == 256
    assert len({_fold(word) for word in words(language)}) == 256
    assert all(len(word) >= 4 and set(word) <= set(ALPHABETS[language]) for word in words(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_easily_taken_for_another(language):
    for one, other in combinations(words(language), 2):
        assert not is_one_letter_apart(one, other), (one, other)
        assert not one.startswith(other), (one, other)
        assert not other.startswith(one), (one, other)


@pytest.mark.parametrize(
    ("language", "digest"), [("en", "c2bc1181c4bda44f"), ("et", "7dee7916176e15c4"), ("uk", "387cd8736ea33027")]
)
def test_the_lists_never_change(language, digest):
    assert sha256(" ".join(words(language)).encode()).hexdigest()[:16] == digest


@settings(max_examples=200)
@given(digest=st.binary(min_size=15, max_size=15), language=st.sampled_from(LANGUAGES))
def test_what_is_said_is_heard(digest, language):
    text = spell(digest)
    assert hear(say(text, language)) == text
    assert hear(text.lower().replace("-", " ")) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_case_marks_and_commas_do_not_matter(language):
    text = spell(bytes(range(0, 255, 17)))
    assert hear(_fold(say(text, language)).upper().replace(",", "-")) == text


def test_one_wrong_word_is_another_fingerprint():
    said = say(spell(bytes(15)), "en")
    assert hear(said.replace("acorn", "actor", 1)) == spell(bytes([1, *bytes(14)]))


def test_a_word_that_was_misheard_is_named_with_one_like_it():
    said = say(spell(bytes(15)), "en").replace("acorn", "akorn", 1)
    with pytest.raises(ValueError, match=r"“akorn” is none of the words.*“acorn”"):
        hear(said)


@pytest.mark.parametrize("text", ["", "acorn", "acorn " * 14, "acorn " * 16, "1234"])
def test_what_is_neither_form_is_refused(text):
    with pytest.raises(ValueError, match="no fingerprint"):
        hear(text)


def test_another_language_is_said_in_english():
    assert say(spell(bytes(15)), "de").startswith("acorn")
