"""Margins of strangers: whoever judges a report has not seen it."""

import pytest

from sild.analyst.training import crossfit, fit
from sild.analyst.training.knowledge import Sentence, Technique

WORDS = {"T1113": "takes screenshots of the desktop", "T1056.001": "logs the keys that users press"}


@pytest.mark.integration
def test_every_report_is_judged_once_by_a_model_that_has_not_seen_it():
    pool = [
        Sentence(f"The malware {words} in case {number}.", (name,), f"report:{number}", "report")
        for number in range(12)
        for name, words in WORDS.items()
    ]
    spans = [Sentence(words, (name,), "report:0", "span") for name, words in WORDS.items()]
    techniques = {name: Technique(name, name, "") for name in WORDS}
    judged = crossfit.judged([], [*pool, *spans], techniques, fit.Recipe())
    assert sorted(judged.sentences, key=lambda one: one.text) == sorted(pool, key=lambda one: one.text)
    assert judged.ids == tuple(sorted(WORDS))
    assert judged.margins.shape == judged.told.shape == judged.truth.shape == (24, 2)
    assert (judged.margins.argmax(axis=1) == judged.truth.argmax(axis=1)).all()
    assert len(set(judged.groups.tolist())) == 12
