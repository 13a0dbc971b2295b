"""Folds by report over invented reports: what can be learnt is learnt, and what quotes a test is left out."""

import pytest

from sild.analyst.training import crossvalidate
from sild.analyst.training.knowledge import Sentence

pytestmark = pytest.mark.integration

WORDS = {"T1113": "takes screenshots of the desktop", "T1056.001": "logs the keys that users press"}
WORDS["T1105"] = "downloads another stage from a server"
KNOWN = frozenset(WORDS)


def _report(number):
    parts, annotations, text = [], [], ""
    for name, words in WORDS.items() if number % 3 else list(WORDS.items())[:2]:
        start = len(text) + len("The malware ")
        annotations.append({"type": f"Some name ({name})", "start": start, "end": start + len(words)})
        text += f"The malware {words} in case {number}.\n\n"
        parts.append({"text": words, "label": name, "doc_title": f"Report {number}"})
    text += f"The office number {number} was closed on that day.\n\n"
    return {"title": f"Report {number}", "text": text, "annotations": annotations}, parts


REPORTS = [_report(number)[0] for number in range(20)]
ROWS = [row for number in range(20) for row in _report(number)[1]]


def test_spans_find_the_sentence_that_they_stand_in():
    spans = crossvalidate.spans_of(ROWS, REPORTS)
    assert len(spans) == len(ROWS)
    assert spans[0].context == "The malware takes screenshots of the desktop in case 0."
    outcome = crossvalidate.on_spans(spans, [])
    assert (outcome.micro_f1, outcome.macro_f1) == (1.0, 1.0)
    assert crossvalidate.baseline(spans).micro_f1 == 1.0


def test_documents_are_judged_by_all_their_sentences():
    sentences = crossvalidate.sentences_of(REPORTS, KNOWN)
    assert sum(not text.labels for text in sentences) == 20
    gold = crossvalidate.documents(REPORTS, KNOWN)
    outcome, error = crossvalidate.on_documents(sentences, gold, [])
    assert outcome.micro_f1 > 0.95
    assert outcome.mean_document_f1 > 0.95
    assert 0 <= error <= 1


def test_attack_texts_that_quote_a_tested_span_are_counted_out():
    spans = crossvalidate.spans_of(ROWS, REPORTS)
    quoting = [crossvalidate.Text("", WORDS["T1113"], ("T1113",))] * 5
    assert crossvalidate.on_spans(spans, quoting).removed == 5
    assert crossvalidate.on_spans(spans, quoting, clean=False).removed == 0


def test_a_reports_techniques_have_the_ids_of_today():
    report = {"annotations": [{"type": "DLL side-loading (T1574.002)"}, {"type": "Segment"}]}
    assert crossvalidate.techniques_of(report) == {"T1574.001"}


def test_finer_labels_are_those_of_the_annotated_reports_and_are_judged_as_their_technique():
    broad = {"T1113": "T1113", "T1056.001": "T1056", "T1105": "T1105"}
    rows = [row | {"label": broad[row["label"]]} for row in ROWS]
    spans = crossvalidate.spans_of(rows, REPORTS)
    finer = crossvalidate.finer_spans([*spans, crossvalidate.Text("no report", "logs keys", ("T1056",))], REPORTS)
    assert {span.labels[0] for span in finer[:-1]} == set(broad)
    assert finer[-1].labels == ("T1056",)
    told = crossvalidate.span_margins(finer[:-1], [], {"T1056.001": "T1056"})
    assert told.classes.tolist() == ["T1056", "T1105", "T1113"]
    assert told.outcome([span.labels[0] for span in spans], told.margins).micro_f1 == 1.0


def test_attack_texts_can_keep_their_sub_techniques():
    sentences = [
        Sentence("It logs keys.", ("T1056.001",), "software--1", "procedure", whole=True),
        Sentence("It logs keys and takes pictures.", ("T1056.001", "T1113"), "software--1", "procedure", whole=True),
    ]
    for finer, label in ((True, "T1056.001"), (False, "T1056")):
        [text] = crossvalidate.attack_texts(sentences, frozenset({"T1056", "T1113"}), finer=finer)
        assert (text.text, text.labels) == ("It logs keys.", (label,))


@pytest.mark.parametrize(
    ("technique", "tram"),
    [("T1056.001", "T1056"), ("T1021.001", "T1021.001"), ("T1574.001", "T1574.002"), ("T1113", "T1113")],
)
def test_techniques_have_the_names_that_tram_gave_them(technique, tram):
    known = frozenset({"T1056", "T1021.001", "T1574.002"})
    assert crossvalidate.as_tram(technique, known) == tram


def test_a_technique_that_was_renamed_has_its_name_of_now():
    assert [crossvalidate.as_now(name) for name in ("T1574.002", "T1056")] == ["T1574.001", "T1056"]
