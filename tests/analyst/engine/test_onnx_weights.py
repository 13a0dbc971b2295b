"""The arrays of an ONNX file: as the library of the format writes them, and nothing from what is no such file."""

import struct

import numpy as np
import pytest

from sild.analyst.engine import encoder
from sild.analyst.engine.errors import ModelError
from sild.analyst.engine.onnx_weights import initializers

pytestmark = pytest.mark.unit


def _field(number, value):
    """A field with bytes (wire type 2) or an integer (0)."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    assert len(value) < 16384
    return bytes([number << 3 | 2, len(value) & 0x7F | 0x80, len(value) >> 7]) + value


def _tensor(name, array, kind, *, packed=False):
    shape = _field(1, bytes(array.shape)) if packed else b"".join(_field(1, size) for size in array.shape)
    return shape + _field(2, kind) + _field(8, name.encode()) + _field(9, array.tobytes())


FLOATS, BYTES = np.arange(6, dtype="<f4").reshape(2, 3), np.arange(-4, 4, dtype="i1")


@pytest.mark.parametrize("packed", [True, False])
def test_floats_and_bytes_are_read_with_their_shapes_and_the_rest_is_passed_over(packed):
    graph = _field(5, _tensor("a", FLOATS, 1, packed=packed)) + _field(2, b"name of the graph")
    graph += _field(5, _tensor("b", BYTES, 3, packed=packed)) + _field(5, _tensor("c", np.arange(2), 7))
    fixed = b"\x19" + struct.pack("<d", 1.0) + b"\x25" + struct.pack("<f", 1.0)
    found = initializers(_field(1, 8) + fixed + _field(7, graph))
    assert set(found) == {"a", "b"}
    assert np.array_equal(found["a"], FLOATS)
    assert np.array_equal(found["b"], BYTES)


@pytest.mark.parametrize(
    "data",
    [
        _field(7, _field(5, _tensor("a", FLOATS, 1)[:-1])),
        _field(7, _field(5, _field(1, 5) + _tensor("a", FLOATS, 1))),
        _field(7, _field(5, _tensor("a", FLOATS, 1)))[:-3],
        b"\xff" * 20,
        b"\x3b\x01",
    ],
)
def test_what_is_no_such_file_is_refused(data):
    with pytest.raises(ModelError, match="not the form of an ONNX model"):
        initializers(data)


def test_the_wheels_file_holds_the_six_layers():
    found = initializers(encoder.weights().read_bytes())
    matrices = [name for name, values in found.items() if name.endswith("_q") and values.ndim == 2]
    assert len(matrices) == 6 * 6 + 2
    assert found["inner.embeddings.word_embeddings.weight_q"].shape == (30522, 384)
