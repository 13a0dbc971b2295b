"""The card that ships says what is measured anew here; it was never typed."""

import hashlib
import json

import pytest

from sild.analyst.engine import files
from sild.analyst.engine import model as engine
from sild.analyst.training import card, corpus, fit, knowledge, measure

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def known():
    return knowledge.from_package()


@pytest.fixture(scope="module")
def shipped():
    return engine.load()


def test_the_shipped_cards_figures_come_out_the_same_when_measured_anew(known, shipped):
    held_out = card.sides(known).held_out
    figures, thresholds = shipped.card["figures"], shipped.card["thresholds"]
    reports = card.report_sides().held_out
    for name, threshold in (("", "proposed"), ("_strong", "strong")):
        found = measure.measure(shipped, held_out, thresholds[threshold]).as_dict()
        assert found == pytest.approx(figures[f"held_out{name}"], abs=0.002)
        found = measure.measure(shipped, reports, thresholds[threshold], together=True).as_dict()
        assert found == pytest.approx(figures[f"held_out_reports{name}"], abs=0.002)


def test_what_the_card_says_of_whole_reports_comes_out_the_same(shipped):
    found = card.documents_of(shipped, card.report_sides(), shipped.card["thresholds"])
    for name, figures in shipped.card["documents"].items():
        assert found[name] == pytest.approx(figures, abs=0.01)


def test_the_shipped_card_describes_data_split_and_file(known, shipped):
    parts, data = card.sides(known), shipped.card["data"]
    assert data["digest"] == known.digest
    assert data["held_out"]["procedure"] == sum(sentence.kind == "procedure" for sentence in parts.held_out)
    assert data["train"]["procedure"] == sum(sentence.kind == "procedure" for sentence in parts.train)
    assert data["held_out"]["cut"] == 0
    assert data["corpus_train"]["families"] == sum(one.language == "en" for one in corpus.shipped("train"))
    assert shipped.card["file"]["bytes"] <= 3_000_000
    assert shipped.card["classes"]["known"] == len(shipped.ids)
    assert shipped.card["notice"] == f"{card.NOTICE} {card.TRAM_NOTICE}"


def test_a_small_model_is_trained_measured_and_written_the_same_twice(known, tmp_path):
    chosen = {"T1105", "T1082", "T1113", "T1003.001"}
    sentences = [s for s in known.sentences if not s.techniques or set(s.techniques) <= chosen]
    small = knowledge.Knowledge(known.version, known.origin, known.digest, known.techniques, sentences)
    written = [card.write(card.train(small, fit.Recipe()), tmp_path / name) for name in ("a", "b")]
    assert written[0] == written[1]
    data = (tmp_path / "a" / files.MODEL_FILE).read_bytes()
    assert written[0]["file"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert json.loads((tmp_path / "b" / files.CARD_FILE).read_text(encoding="utf-8")) == written[0]
    assert engine.load(tmp_path / "a").ids.tolist() == sorted(chosen)
    assert len(written[0]["classes"]["not_known"]) == len(known.techniques) - len(chosen)
