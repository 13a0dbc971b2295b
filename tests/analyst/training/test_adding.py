"""What the encoder adds to a model: the card says what is measured anew, and what is chosen is chosen by the data."""

import dataclasses
import json

import numpy as np
import pytest

from sild.analyst.engine import encoder, files
from sild.analyst.engine import model as engine
from sild.analyst.training import adding, card, fit, knowledge

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def known():
    return knowledge.from_package()


@pytest.fixture(scope="module")
def shipped():
    return engine.load_with_encoder()


def test_the_shipped_cards_figures_come_out_the_same_when_measured_anew(shipped):
    """Of held-out families the solution itself is asked, in tests/analyst/test_packing.py."""
    found = card.documents_of(shipped, card.report_sides(), shipped.card["thresholds"])
    for name, documents in shipped.card["documents"].items():
        assert found[name] == pytest.approx(documents, abs=0.01)


def test_the_shipped_card_names_model_and_encoder(shipped):
    told = shipped.added.card
    assert told["base"] == engine.load().card["file"]["sha256"]
    assert {name: told["encoder"][name] for name in encoder.describe()} == encoder.describe()
    assert told["encoder"]["tuned"] == shipped.added.shapes()
    assert shipped.card["notice"] == engine.load().card["notice"]
    fits = {float(name): value for name, value in told["recipe"]["misfit_by_strength"].items()}
    assert told["recipe"]["strength"] == min(adding.STRENGTHS, key=lambda strength: fits[strength])


def test_a_small_addition_is_chosen_measured_and_written(known, shipped, tmp_path):
    chosen = {"T1105", "T1082", "T1113", "T1003.001"}
    few = [s for s in known.sentences if not s.techniques or set(s.techniques) <= chosen]
    small = knowledge.Knowledge(known.version, known.origin, known.digest, known.techniques, few)
    sides = card.report_sides()
    told = card.Sides(sides.train[:400], sides.dev[:50], [], [])
    asked = []

    def tune(learnt, ids):
        asked.append(len(learnt))
        return _only(shipped.added, ids)

    card.write(card.train(small, fit.Recipe(), told), tmp_path)
    written = adding.write(adding.train(small, engine.load(tmp_path), told, tune, {"epochs": 0}), tmp_path)
    assert asked[0] > max(asked[1:])
    assert json.loads((tmp_path / files.ENCODER_CARD_FILE).read_text(encoding="utf-8")) == written
    joined = engine.load_with_encoder(tmp_path)
    assert joined.card["thresholds"] == written["thresholds"]
    assert joined.added.strength[0] == np.float32(written["recipe"]["strength"])


def _only(made, ids):
    """The shipped encoder, naming these techniques only."""
    places = [0, *(made.ids.tolist().index(name) + 1 for name in ids)]
    return dataclasses.replace(
        made, ids=np.array(ids), head=made.head[:, places], head_scale=made.head_scale[places],
        head_bias=made.head_bias[places], strength=np.ones(1, np.float32),
    )  # fmt: skip
