"""Spellings change, answers do not."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.checks.perturb import PERTURBATIONS, is_cyrillic, transliterated, wrong_layout

pytestmark = pytest.mark.unit

TEXTS = {"et": "Mitu eurot maksab täiskasvanu pass?", "uk": "Скільки гривень коштує в’їзд, ґрунт і їжа?"}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", PERTURBATIONS)
def test_each_perturbation_changes_the_spelling_the_same_way_each_time(name, text):
    change = PERTURBATIONS[name]
    assert change(text, 7) != text
    assert change(text, 7) == change(text, 7)


def test_ukrainian_is_written_in_latin_letters():
    assert transliterated("щука їжак", 0) == "shchuka izhak"


def test_the_wrong_layout_is_what_the_keys_give():
    assert wrong_layout("Привіт", 0) == "ghbdsn"
    assert wrong_layout("tere", 0) == "еуку"


def test_the_script_is_told_by_most_letters():
    assert is_cyrillic("Привіт PDF")
    assert not is_cyrillic("Tere, Київ!")
