"""Training: the same input gives the same bytes, and it learns what there is to learn."""

from dataclasses import replace

import pytest

from sild.analyst.training import crossfit, fit, judging, knowledge, measure, split

pytestmark = pytest.mark.integration
RECIPE = fit.Recipe(weights=20_000)


@pytest.fixture(scope="module")
def sample():
    """Twelve common techniques, so that training takes a second."""
    known = knowledge.from_package()
    chosen = {"T1105", "T1082", "T1059.003", "T1083", "T1071.001", "T1057", "T1113", "T1056.001", "T1547.001"}
    chosen |= {"T1566.001", "T1003.001", "T1053.005"}
    sides = split.divide(s for s in known.sentences if not s.techniques or set(s.techniques) <= chosen)
    return known, sides["train"], [sentence for sentence in sides["dev"] if sentence.whole], sides["held-out"]


@pytest.fixture(scope="module")
def trained(sample):
    known, train, _dev, _held_out = sample
    return fit.fit(train, known.techniques, RECIPE)


def test_training_twice_gives_the_same_bytes(sample, trained):
    known, train, _dev, _held_out = sample
    assert fit.fit(train, known.techniques, RECIPE).pack() == trained.pack()


def test_what_was_learnt_holds_on_families_that_were_not_seen(sample, trained):
    _known, _train, dev, held_out = sample
    texts = [one.text for one in dev]
    judged = crossfit.Judged(tuple(trained.ids.tolist()), tuple(dev), trained.margins(texts), trained.told(texts))
    cases = judging.sentences(judged)
    model = replace(trained, document=judging.weights([cases]))
    threshold = judging.best_mean_threshold([(cases.scores(model.document), cases.truth)])
    figures = measure.measure(model, held_out, threshold)
    assert figures.micro_f1 > 0.85
    assert figures.micro_f1_low < figures.micro_f1 < figures.micro_f1_high
    assert figures.classes == 12


def test_as_many_weights_are_kept_as_the_recipe_says(trained):
    assert 0 < len(trained.weights) <= RECIPE.weights * 1.05  # equal weights stay or go together
    assert len(trained.ids) == 12
    assert "Screen Capture" in trained.names.tolist()


def test_names_of_whom_a_sentence_is_about_are_not_learnt():
    sentence = knowledge.Sentence("Bear 0 ran; Bear ran.", ("T1",), "g", "procedure", True, ("Bear 0", "Bear"))
    assert fit.trainable_text(sentence).split() == ["ran;", "ran."]
