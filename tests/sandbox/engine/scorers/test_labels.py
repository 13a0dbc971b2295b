"""Sets of labels against figures worked out by hand and against scikit-learn's definitions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sild.sandbox.engine.scorers.labels import Multilabel

pytestmark = pytest.mark.unit

labels = st.frozensets(st.sampled_from("abcd"), max_size=3)
pairs = st.lists(st.tuples(st.none() | labels, labels), max_size=12)


def figures(found):
    return {metric.name: metric for metric in found}


def test_multilabel_against_figures_worked_out_by_hand():
    a, b, c = (frozenset(letter) for letter in "abc")
    found = figures(Multilabel().measure([(a, a), (a | b, b), (None, c), (b, a | b)], 1))
    # hits: a 1, b 2; extra: a 1; missed: c 1, a 1
    assert found["micro_precision"].value == pytest.approx(3 / 4)
    assert found["micro_recall"].value == pytest.approx(3 / 5)
    assert found["micro_f1"].value == pytest.approx(2 * 3 / (2 * 3 + 1 + 2))
    assert found["macro_precision"].value == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert found["macro_recall"].value == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert found["macro_f1"].value == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert found["exact_match"].value == pytest.approx(1 / 4)


@settings(max_examples=40)
@given(pairs)
def test_multilabel_agrees_with_counting_label_by_label(given_pairs):
    found = figures(Multilabel().measure(given_pairs, 3))
    every = {label for output, target in given_pairs for label in (output or frozenset()) | target}
    hits = sum(len((output or frozenset()) & target) for output, target in given_pairs)
    predicted = sum(len(output or ()) for output, _target in given_pairs)
    wanted = sum(len(target) for _output, target in given_pairs)
    assert found["micro_precision"].value == pytest.approx(hits / predicted if predicted else 0)
    assert found["micro_recall"].value == pytest.approx(hits / wanted if wanted else 0)
    by_label = []
    for label in every:
        right = sum(label in (output or ()) and label in target for output, target in given_pairs)
        said = sum(label in (output or ()) for output, _target in given_pairs)
        by_label.append(right / said if said else 0)
    assert found["macro_precision"].value == pytest.approx(sum(by_label) / len(every) if every else 0)
    for metric in found.values():
        assert 0 <= metric.low <= metric.high <= 1
        assert metric.n == len(given_pairs)


def test_the_interval_is_the_same_with_the_same_seed():
    data = [(frozenset("a"), frozenset("ab"))] * 5 + [(frozenset("b"), frozenset("b"))] * 9
    assert Multilabel().measure(data, 4) == Multilabel().measure(data, 4)
    assert Multilabel().measure(data, 4) != Multilabel().measure(data, 5)


@pytest.mark.parametrize(
    ("output", "target", "score"),
    [("ab", "ab", 1.0), ("a", "ab", 2 / 3), ("", "", 1.0), ("c", "ab", 0.0), (None, "a", 0.0)],
)
def test_one_samples_score_is_its_f1(output, target, score):
    read = None if output is None else frozenset(output)
    assert Multilabel().score(read, frozenset(target)) == pytest.approx(score)


@pytest.mark.parametrize("value", ["T1", None, {"a": 1}, ["a", 1], 3])
def test_multilabel_reads_lists_of_texts_only(value):
    with pytest.raises(ValueError, match="list of texts"):
        Multilabel().read(value)


def test_the_interval_of_a_macro_figure_holds_it_though_most_labels_are_rare():
    data = [(frozenset({f"l{n % 120}"} if n % 3 else {"other"}), frozenset({f"l{n % 120}"})) for n in range(400)]
    found = figures(Multilabel().measure(data, 5))
    for name in ("macro_f1", "macro_precision", "macro_recall"):
        assert found[name].low <= found[name].value <= found[name].high
