"""The split keeps families together, and nothing leaks."""

from collections import Counter

import pytest

from sild.analyst.engine.features import normalise
from sild.analyst.training import knowledge, split


@pytest.mark.unit
def test_a_family_never_changes_its_side():
    assert split.side("malware--0") == "train"
    assert split.side("malware--1") == "dev"
    assert split.side("malware--16") == "held-out"


@pytest.mark.unit
def test_shares_are_about_what_is_stated():
    sides = Counter(split.side(f"family-{number}") for number in range(10_000))
    assert sides["held-out"] / 10_000 == pytest.approx(0.15, abs=0.02)
    assert sides["dev"] / 10_000 == pytest.approx(0.10, abs=0.02)


@pytest.mark.integration
def test_no_family_and_no_text_is_on_two_sides():
    divided = split.divide(knowledge.from_package().sentences)
    families = {
        side: {sentence.group for sentence in sentences if sentence.kind in {"procedure", "none"}}
        for side, sentences in divided.items()
    }
    texts = {side: {normalise(sentence.text) for sentence in sentences} for side, sentences in divided.items()}
    for found in (families, texts):
        assert not found["train"] & found["held-out"]
        assert not found["train"] & found["dev"]
    assert not families["dev"] & families["held-out"]


@pytest.mark.unit
def test_texts_that_quote_a_tested_one_are_left_out():
    tested = [knowledge.Sentence("The loader takes screenshots of the desktop every minute.", (), "a", "report")]
    quoting = knowledge.Sentence(f"Example Bear: {tested[0].text}", ("T1113",), "b", "procedure")
    other = knowledge.Sentence("Example Bear takes screenshots of what users do.", ("T1113",), "b", "procedure")
    assert split.without_copies([quoting, other], tested) == [other]
