"""Runs an ONNX model file inside the isolation: questions as JSON lines, answers as JSON lines.

A question is an object of the model's inputs by name, or the value itself when the model has one input; an answer is an
object of its outputs by name, or the value itself when it has one output. One thread, so that a run can be repeated.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import onnxruntime

# Element types as onnxruntime names them (ONNX's TensorProto.DataType).
TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.str_,
}


def load(path: str) -> onnxruntime.InferenceSession:
    """The model, on the processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def answer(session: onnxruntime.InferenceSession, question: Any) -> Any:
    """Put one question to the model."""
    inputs = session.get_inputs()
    named = {inputs[0].name: question} if len(inputs) == 1 and not isinstance(question, dict) else question
    fed: dict[str, Any] = {one.name: np.array(named[one.name], dtype=TYPES[one.type]) for one in inputs}
    given = [plain(value) for value in session.run(None, fed)]
    names = [one.name for one in session.get_outputs()]
    return given[0] if len(given) == 1 else dict(zip(names, given, strict=True))


def plain(value: Any) -> Any:
    """A tensor as nested lists; other values as they are."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def main() -> None:
    """Answer until there are no more questions."""
    session = load(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told = {"id": asked["id"], "output": answer(session, asked["input"])}
        except Exception as error:  # noqa: BLE001 -- whatever a model makes of a question is an answer not to be had
            told = {"id": asked["id"], "error": f"{type(error).__name__}: {str(error)[:200]}"}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
