"""Arrays as one file: the same bytes each time, no pickle, and only with the card's hash."""

import hashlib
import io
import json

import numpy as np
import pytest

from sild.analyst.engine import arrays
from sild.analyst.engine.errors import ModelError

VALUES = {"names": np.array(["a", "b"]), "weights": np.array([[1, -2]], np.int8)}
KINDS = {"names": "U", "weights": "i1"}


@pytest.mark.unit
def test_what_was_packed_is_unpacked_and_packed_the_same():
    data = arrays.pack(VALUES)
    found = arrays.unpack(data, KINDS)
    assert all(np.array_equal(found[name], VALUES[name]) for name in KINDS)
    assert arrays.pack(found) == data


@pytest.mark.unit
def test_pickles_other_types_and_missing_arrays_are_refused():
    buffer = io.BytesIO()
    np.savez(buffer, names=np.array([{"a": 1}], dtype=object), weights=VALUES["weights"])
    for data in (buffer.getvalue(), arrays.pack({"names": VALUES["names"]}), b"", b"PK\x03\x04"):
        with pytest.raises(ModelError, match="not the form"):
            arrays.unpack(data, KINDS)
    with pytest.raises(ModelError, match="wrong type of names, weights"):
        arrays.unpack(arrays.pack(VALUES), {"names": "f4", "weights": "u4"})


@pytest.mark.integration
def test_only_bytes_with_the_cards_hash_are_read(tmp_path):
    data = arrays.pack(VALUES)
    (tmp_path / "m.npz").write_bytes(data)
    with pytest.raises(ModelError, match="sild analyst train"):
        arrays.read(tmp_path, "m.npz", "m.json")
    card = {"file": {"sha256": hashlib.sha256(data).hexdigest()}}
    (tmp_path / "m.json").write_text(json.dumps(card))
    assert arrays.read(tmp_path, "m.npz", "m.json") == (data, card)
    (tmp_path / "m.npz").write_bytes(data + b"x")
    with pytest.raises(ModelError, match="not the model that its card describes"):
        arrays.read(tmp_path, "m.npz", "m.json")
