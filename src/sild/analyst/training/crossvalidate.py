"""TRAM's two tasks, five folds, whole reports on one side: techniques of marked spans, and techniques of documents.

The model that is measured is made anew for each fold in the way of `fit`, but over TRAM's techniques only, so that the
figures can be laid beside published ones. ATT&CK's texts join the training; those that quote a tested report do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sild.analyst.engine import concepts
from sild.analyst.engine.documents import INPUTS
from sild.analyst.engine.documents import inputs as inputs_of
from sild.analyst.engine.features import grams, of_concepts, weighted
from sild.analyst.engine.sentences import split
from sild.analyst.training import judging
from sild.analyst.training.fit import csr, trainable_text, vocabulary
from sild.analyst.training.reports import RENAMED
from sild.analyst.training.split import without_copies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sild.analyst.training.knowledge import Sentence

FOLDS = 5
_LEAST = (2, 3)
_COST, _TOLERANCE = 0.6, 0.05
_ATTACK_WEIGHT, _UNMARKED_WEIGHT, _CONTEXT_WEIGHT = 1.0, 0.3, 0.5
_ATTACK_MOST = 200  # texts of one technique
_NONE = ""
_ID = re.compile(r"\((T\d{4}(?:\.\d{3})?)\)")


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a report: `labels` are TRAM's; `context` is the sentence that a span stands in."""

    report: str
    text: str
    labels: tuple[str, ...]
    context: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures over all folds; for documents, micro figures are over pairs of a document and a technique."""

    micro_f1: float
    macro_f1: float
    precision: float
    recall: float
    mean_document_f1: float = 0.0
    removed: int = 0


def spans_of(rows: Sequence[dict[str, Any]], reports: Sequence[dict[str, Any]]) -> list[Text]:
    """TRAM's single-label rows (`text`, `label`, `doc_title`) with the sentences that they stand in, where found."""
    sentences = {report["title"]: [sentence.text for sentence in split(report["text"])] for report in reports}
    return [
        Text(
            row["doc_title"],
            row["text"],
            (row["label"],),
            next((one for one in sentences.get(row["doc_title"], ()) if row["text"].strip() in one), ""),
        )
        for row in rows
        if row["text"].strip()
    ]


def sentences_of(reports: Sequence[dict[str, Any]], known: frozenset[str]) -> list[Text]:
    """All sentences of annotated reports, with the known techniques whose spans they touch."""
    found = []
    for report in reports:
        marks = list(_marks(report, known))
        for sentence in split(report["text"]):
            labels = {name for start, end, name in marks if start < sentence.end and end > sentence.start}
            found.append(Text(report["title"], sentence.text, tuple(sorted(labels))))
    return found


def documents(reports: Sequence[dict[str, Any]], known: frozenset[str]) -> dict[str, frozenset[str]]:
    """The techniques that each report was marked with."""
    return {report["title"]: frozenset(name for _, _, name in _marks(report, known)) for report in reports}


def techniques_of(report: dict[str, Any]) -> set[str]:
    """All techniques that a report was marked with, by the ids that ATT&CK has now."""
    found = {match[1] for row in report["annotations"] if (match := _ID.search(row["type"]))}
    return set(map(as_now, found))


def _marks(report: dict[str, Any], known: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Spans with a known technique."""
    for row in report["annotations"]:
        match = _ID.search(row["type"])
        name = _known(match[1] if match else "", known)
        if name in known:
            yield row["start"], row["end"], name


def attack_texts(sentences: Sequence[Sentence], known: frozenset[str], *, finer: bool = False) -> list[Text]:
    """ATT&CK's own texts about the known techniques, at most 200 of each, in the order that they come.

    `finer` gives them their sub-techniques as labels, where TRAM counts these as their technique.
    """
    count: dict[str, int] = {}
    found = []
    for sentence in sentences:
        own = sorted(map(_as_tram, sentence.techniques))
        names = {_known(name, known) for name in own} & known
        if len(names) == 1 and sentence.kind in {"procedure", "definition", "detection"}:
            [name] = names
            count[name] = count.get(name, 0) + 1
            if count[name] <= _ATTACK_MOST:
                label = next(one for one in own if _known(one, known) == name) if finer else name
                found.append(Text("", trainable_text(sentence), (label,)))
    return found


def as_tram(technique: str, known: frozenset[str]) -> str:
    """What TRAM, whose techniques are `known`, calls a technique of ATT&CK; it may be none of them."""
    return _known(_as_tram(technique), known)


def as_now(technique: str) -> str:
    """What ATT&CK calls a technique of TRAM."""
    return RENAMED.get(technique, technique)


def _known(name: str, known: frozenset[str]) -> str:
    """TRAM counts some sub-techniques as their technique."""
    return name if name in known else name.split(".", maxsplit=1)[0]


def _as_tram(technique: str) -> str:
    """DLL side-loading, as ATT&CK 14 had it, has since been merged into its neighbour."""
    return "T1574.002" if technique == "T1574.001" else technique


def on_spans(spans: Sequence[Text], attack: Sequence[Text], *, clean: bool = True) -> Outcome:
    """One technique for each marked span; `clean` leaves ATT&CK texts out that quote a tested span or its sentence."""
    told = span_margins(spans, attack, clean=clean)
    return told.outcome([span.labels[0] for span in spans], told.margins)


@dataclass(frozen=True, slots=True)
class Told:
    """Margins of spans by `classes`, each from a model that learnt from the other folds."""

    margins: Any
    classes: Any
    removed: int

    def outcome(self, labels: Sequence[str], margins: Any) -> Outcome:
        """The figures where each span gets the class of its largest margin."""
        truth, guessed = np.array(labels), self.classes[margins.argmax(axis=1)]
        micro = float((truth == guessed).mean())
        macro = _macro(truth[:, None] == self.classes, guessed[:, None] == self.classes)
        return Outcome(micro, macro, micro, micro, removed=self.removed)


def span_margins(
    spans: Sequence[Text], attack: Sequence[Text], broad: dict[str, str] | None = None, *, clean: bool = True
) -> Told:
    """Judge each span by a model that has not seen its report.

    Args:
        spans: as `spans_of` or `finer_spans` has them.
        attack: ATT&CK's own texts, which only train.
        broad: TRAM's technique for each finer label; what several of them say is what the likeliest says.
        clean: leave ATT&CK texts out that quote a tested span or its sentence.
    """
    to = broad or {}
    classes = np.unique([to.get(span.labels[0], span.labels[0]) for span in spans])
    margins, removed = np.zeros((len(spans), len(classes))), 0
    for learn, test in folds([span.report for span in spans]):
        tested = [spans[place] for place in test]
        kept = quoting_none(attack, tested) if clean else list(attack)
        removed += len(attack) - len(kept)
        found, known = _fitted([spans[place] for place in learn], kept, tested)
        of = np.array([to.get(name, name) for name in known])
        for column, name in enumerate(classes):
            margins[test, column] = found[:, of == name].max(axis=1)
    return Told(margins, classes, removed // FOLDS)


def finer_spans(spans: Sequence[Text], reports: Sequence[dict[str, Any]]) -> list[Text]:
    """The spans with the sub-techniques of the annotated reports, where TRAM's single label is their technique."""
    found = {report["title"]: report for report in reports}
    return [replace(span, labels=(_finer(span, found.get(span.report)),)) for span in spans]


def _finer(span: Text, report: dict[str, Any] | None) -> str:
    label = span.labels[0]
    for row in report["annotations"] if report else ():
        match = _ID.search(row["type"])
        is_its_own = match and match[1].startswith(f"{label}.")
        if match and is_its_own and report and report["text"][row["start"] : row["end"]].strip() == span.text.strip():
            return match[1]
    return label


def baseline(spans: Sequence[Text]) -> Outcome:
    """The same folds with what anybody would try first: TF-IDF of words and characters and a linear SVM, TRAM alone."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 -- comes with the `train` extra
    from sklearn.pipeline import make_pipeline, make_union  # noqa: PLC0415 -- as above
    from sklearn.svm import LinearSVC  # noqa: PLC0415 -- as above

    texts, truth = np.array([one.text for one in spans]), np.array([one.labels[0] for one in spans])
    guessed = np.empty(len(spans), dtype=object)
    for learn, test in folds([one.report for one in spans]):
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
        machine = make_pipeline(make_union(words, characters), LinearSVC(random_state=0))
        guessed[test] = machine.fit(texts[learn], truth[learn]).predict(texts[test])
    classes = np.unique(truth)
    micro = float((truth == guessed).mean())
    return Outcome(micro, _macro(truth[:, None] == classes, guessed[:, None] == classes), micro, micro)


def on_documents(
    sentences: Sequence[Text], gold: dict[str, frozenset[str]], attack: Sequence[Text]
) -> tuple[Outcome, float]:
    """The techniques of each document, all its sentences read, marked or not.

    A document's chance of a technique comes from its sentences as in the model that ships (`engine.documents`);
    regression and threshold of a fold come from the other folds' documents. Returns the expected calibration error of
    that chance too.
    """
    titles = sorted(gold)
    classes = np.array(sorted({name for names in gold.values() for name in names}))
    inputs = np.zeros((len(titles), len(classes), INPUTS))
    fold_of, removed = np.zeros(len(titles), dtype=int), 0
    for fold, (learn, test) in enumerate(folds([text.report for text in sentences])):
        tested = [sentences[place] for place in test]
        kept = quoting_none(attack, tested)
        removed += len(attack) - len(kept)
        margins, known = _fitted([sentences[place] for place in learn], kept, tested)
        columns = np.searchsorted(known, classes)
        told = np.array([np.isin(classes, concepts.told(text.text, "en")) for text in tested]).astype(np.float32)
        reports = np.array([text.report for text in tested])
        for title in set(reports.tolist()):
            place, rows = titles.index(title), reports == title
            inputs[place] = inputs_of(margins[rows][:, columns], told[rows])
            fold_of[place] = fold
    truth = np.array([[name in gold[title] for name in classes] for title in titles])
    scores, given = _decided(inputs, truth, fold_of)
    return _outcome(truth, given, removed // FOLDS), _calibration_error(scores, truth)


def folds(reports: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    """Places to learn from and to test on, by scikit-learn's GroupKFold."""
    from sklearn.model_selection import GroupKFold  # noqa: PLC0415 -- comes with the `train` extra

    yield from GroupKFold(FOLDS).split(np.zeros(len(reports)), groups=np.array(reports))


def quoting_none(attack: Sequence[Text], tested: Sequence[Text]) -> list[Text]:
    """The ATT&CK texts that quote nothing that is tested."""
    told = [text for one in tested for text in (one.text, one.context) if text]
    return without_copies(attack, [Text("", text, ()) for text in told])


def _fitted(learn: Sequence[Text], attack: Sequence[Text], tested: Sequence[Text]) -> tuple[Any, Any]:
    """Margins of what is tested, and the classes that their columns are of."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415 -- comes with the `train` extra

    examples = [
        (one, label, weight)
        for part, weight in ((learn, 1.0), (attack, _ATTACK_WEIGHT))
        for one in part
        for label in one.labels or (_NONE,)
    ]
    weights = [weight if label else _UNMARKED_WEIGHT for _, label, weight in examples]
    make = _features([one for one, _, _ in examples])
    machine = LinearSVC(C=_COST, tol=_TOLERANCE, random_state=0)
    machine.fit(make([one for one, _, _ in examples]), [label for _, label, _ in examples], weights)
    return machine.decision_function(make(tested)), machine.classes_


def _features(learn: Sequence[Text]) -> Any:
    """A function from texts to their features, with vocabularies from what is learnt from."""
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 -- comes with the `train` extra

    parts = [([one.text for one in learn], 1.0)]
    if any(one.context for one in learn):
        parts.append(([one.context for one in learn], _CONTEXT_WEIGHT))
    known = [
        [vocabulary(found, len(texts), least) for found, least in zip(grams(texts), _LEAST, strict=True)]
        for texts, _ in parts
    ]

    def make(given: Sequence[Text]) -> Any:
        blocks = []
        for place, (_, weight) in enumerate(parts):
            texts = [one.context if place else one.text for one in given]
            for found, (keys, idf) in zip(grams(texts), known[place], strict=True):
                rows, columns, values = weighted(len(texts), found, keys, idf)
                shape = (len(texts), len(keys))
                blocks.append(csr_matrix((values.astype(np.float64) * weight, (rows, columns)), shape=shape))
            blocks.append(csr(of_concepts(texts), len(texts)) * weight)
        return hstack(blocks).tocsr()

    return make


def _decided(inputs: Any, truth: Any, fold_of: Any) -> tuple[Any, Any]:
    """Chance and decision for each document and technique, with regression and threshold from the other folds."""
    scores, given = np.zeros(truth.shape), np.zeros(truth.shape, dtype=bool)
    every = judging.Cases(inputs, truth, np.arange(len(truth)))
    for fold in np.unique(fold_of):
        here, others = fold_of == fold, fold_of != fold
        weights = judging.weights([judging.Cases(inputs[others], truth[others], every.groups[others])])
        scores[here] = every.scores(weights)[here]
        threshold = judging.best_mean_threshold([(every.scores(weights)[others], truth[others])])
        given[here] = scores[here] >= threshold
    return scores, given


def _f1(wanted: Any, given: Any) -> float:
    return float(2 * (wanted & given).sum() / max(1, wanted.sum() + given.sum()))


def _macro(wanted: Any, given: Any) -> float:
    """Mean F1 of the techniques."""
    return float(np.mean([_f1(wanted[:, place], given[:, place]) for place in range(wanted.shape[1])]))


def _outcome(truth: Any, given: Any, removed: int) -> Outcome:
    right = (truth & given).sum()
    each = [_f1(one, two) if one.any() or two.any() else 1.0 for one, two in zip(truth, given, strict=True)]
    return Outcome(
        _f1(truth, given),
        _macro(truth, given),
        float(right / max(1, given.sum())),
        float(right / max(1, truth.sum())),
        float(np.mean(each)),
        removed,
    )


def _calibration_error(scores: Any, truth: Any) -> float:
    """Expected calibration error over ten bins of all scores from 0.1 on; the many near nothing would flatter it."""
    told = scores >= 0.1  # noqa: PLR2004 -- see above
    place = np.minimum((scores[told] * 10).astype(int), 9)
    gaps = np.bincount(place, scores[told], minlength=10) - np.bincount(place, truth[told], minlength=10)
    return float(np.abs(gaps).sum() / max(1, told.sum()))
