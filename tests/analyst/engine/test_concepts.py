"""Sentences in three languages, written for this test, tell of their technique by the concepts in them."""

import json
from pathlib import Path

import pytest

from sild.analyst.engine import concepts, lexicon

pytestmark = pytest.mark.unit

ROWS = [json.loads(line) for line in (Path(__file__).parent.parent / "told.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("language", concepts.LANGUAGES)
def test_sentences_tell_of_their_technique_alike_in_each_language(language):
    silent = [
        row[language]
        for row in ROWS
        if row["technique"] not in {*concepts.told(row[language], language), *lexicon.named(row[language], language)}
    ]
    assert silent == []


@pytest.mark.parametrize("language", concepts.LANGUAGES)
def test_hardly_another_technique_is_told_of(language):
    others = [len({*concepts.told(row[language], language)} - {row["technique"]}) for row in ROWS]
    assert sum(others) <= len(ROWS) / 10


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Administrators should disable RDP and delete old backups."),
        ("en", "No evidence of process injection was found."),
        ("en", "The ministry opened a new library in the old town."),
        ("et", "Soovitame keelata RDP ja varukoopiate kustutamise."),
        ("et", "Ministeerium avas vanalinnas uue raamatukogu."),
        ("uk", "Рекомендуємо заборонити RDP та видалення резервних копій."),
        ("uk", "Міністерство відкрило нову бібліотеку у старому місті."),
        ("ru", "Вредоносная программа удаляет теневые копии."),
    ],
)
def test_advice_denials_and_other_things_tell_of_none(language, sentence):
    assert concepts.told(sentence, language) == []


def test_concepts_far_from_each_other_add_up_to_nothing():
    near, far = "It deletes the backups.", "It deletes a line " + "and another one " * 8 + "of the backups."
    assert concepts.told(near, "en") == ["T1490"]
    assert "T1490" not in concepts.told(far, "en")


def test_words_of_one_expression_may_stand_in_either_order():
    assert concepts.told("Ta lülitas kõik Defenderi osad välja.", "et") == ["T1562.001"]
    assert concepts.told("Välja lülitati Defender.", "et") == ["T1562.001"]


def test_every_rule_needs_concepts_that_there_are():
    known = set(concepts.names())
    for rule in concepts.rules():
        assert {*rule.needs, *rule.without} <= known


def test_a_long_sentence_of_one_concept_is_read_all_the_same():
    assert concepts.told("delete backup " * 20_000, "en") == ["T1490"]
