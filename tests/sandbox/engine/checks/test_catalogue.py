"""Every check becomes a suite, with enough samples in each language, the same bytes each time."""

from __future__ import annotations

import pytest

from sild.sandbox.engine import suite
from sild.sandbox.engine.checks import CHECKS, write

pytestmark = pytest.mark.integration

EVERY = [(name, language) for name, check in CHECKS.items() for language in check.languages]


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_check_becomes_a_suite_of_at_least_a_hundred_samples(tmp_path, name, language):
    loaded = suite.load(write(name, language, tmp_path / "a"))
    assert len(loaded.samples) >= 100
    assert loaded.form.name == f"{name}-{language}"
    assert suite.load(write(name, language, tmp_path / "b")).digest == loaded.digest


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_is_named_in_three_languages(name):
    assert set(CHECKS[name].title) == {"en", "et", "uk"}


@pytest.mark.parametrize(("name", "language"), [("nothing", "en"), ("questions", "fr"), ("parity", "en")])
def test_what_there_is_not_is_named_with_what_there_is(tmp_path, name, language):
    with pytest.raises(ValueError, match=r"There are: questions \(en/et/uk\)"):
        write(name, language, tmp_path / "a")


@pytest.mark.parametrize("language", ["en", "et", "uk"])
def test_right_answers_of_administrative_questions_stand_in_the_text_or_follow_from_it(tmp_path, language):
    loaded = suite.load(write("questions", language, tmp_path / "a"))
    assert all(sample.input.count("\n") >= 2 for sample in loaded.samples)
    scorer = loaded.scorer
    for sample in loaded.samples:
        for answer in sample.target:
            assert scorer.score(scorer.read(answer), loaded.target(sample)) == 1, (sample.id, answer)
