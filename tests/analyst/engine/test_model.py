"""The model's file: loaded only as its card describes it, without pickle, and scored with numpy alone."""

import dataclasses
import io
import json
import shutil

import numpy as np
import pytest

from sild.analyst.engine import files
from sild.analyst.engine import model as engine
from sild.analyst.engine.errors import ModelError

SHIPPED = engine.load()


@pytest.fixture
def folder(tmp_path):
    for name in (files.MODEL_FILE, files.CARD_FILE):
        shutil.copy(engine.HERE / name, tmp_path / name)
    return tmp_path


@pytest.mark.integration
def test_a_file_with_one_flipped_bit_is_not_loaded(folder):
    data = bytearray((folder / files.MODEL_FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / files.MODEL_FILE).write_bytes(data)
    with pytest.raises(ModelError, match="not the model that its card describes"):
        engine.load(folder)


@pytest.mark.integration
@pytest.mark.parametrize("name", [files.MODEL_FILE, files.CARD_FILE])
def test_a_missing_file_is_named_with_what_to_do(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match="sild analyst train"):
        engine.load(folder)


@pytest.mark.integration
@pytest.mark.parametrize("card", ["not json", "{}", "[]", '{"file": 1}'])
def test_a_card_that_is_none_is_refused(folder, card):
    (folder / files.CARD_FILE).write_text(card)
    with pytest.raises(ModelError):
        engine.load(folder)


@pytest.mark.unit
def test_pickled_content_is_refused_even_when_the_hash_is_right():
    arrays = {name: getattr(SHIPPED, name) for name in engine._ARRAYS}
    arrays["names"] = np.array([{"a": 1}], dtype=object)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    with pytest.raises(ModelError):
        engine.unpack(buffer.getvalue())


@pytest.mark.unit
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x93NUMPY", b"x" * 100])
def test_what_is_no_model_is_refused(data):
    with pytest.raises(ModelError):
        engine.unpack(data)


@pytest.mark.unit
@pytest.mark.parametrize(
    "changes",
    [
        {"columns": SHIPPED.columns + 60_000},
        {"columns": SHIPPED.columns[:-1]},
        {"first": SHIPPED.first[::-1]},
        {"bias": SHIPPED.bias.astype(np.float64)},
        {"scale": SHIPPED.scale[:-1]},
        {"concepts": SHIPPED.concepts[::-1]},
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(changes):
    with pytest.raises(ModelError):
        engine.unpack(dataclasses.replace(SHIPPED, **changes).pack())


@pytest.mark.unit
def test_packing_what_was_unpacked_gives_the_same_bytes():
    assert SHIPPED.pack() == (engine.HERE / files.MODEL_FILE).read_bytes()
    assert engine.unpack(SHIPPED.pack()).version == "unversioned"
    assert SHIPPED.version == json.loads((engine.HERE / files.CARD_FILE).read_text(encoding="utf-8"))["version"]


@pytest.mark.unit
def test_scores_do_not_depend_on_the_company_a_text_is_in():
    texts = [f"the malware number {number} dumped credentials from lsass" for number in range(300)]
    together, alone = SHIPPED.scores(texts), SHIPPED.scores(texts[270:271])
    assert np.allclose(together[270], alone[0], atol=1e-5)
    assert SHIPPED.scores([]).shape == (0, len(SHIPPED.ids))
