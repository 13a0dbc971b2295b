"""Model files as solutions, with the real runtime."""

from __future__ import annotations

import struct

import pytest

from sandbox import tiny_gguf
from sandbox.factories import write_solution, write_suite
from sild.sandbox.engine import default_isolation, weights
from sild.sandbox.engine import solution as solutions
from sild.sandbox.engine import suite as suites
from sild.sandbox.engine.errors import FormError, RuntimeMissingError
from sild.sandbox.engine.limits import GIB
from sild.sandbox.engine.reading import kept_results
from sild.sandbox.engine.runner import Run

pytestmark = pytest.mark.integration


def field(number, value):
    """One field of a protocol buffer: a number as a varint, anything else with its length."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(data)]) + data


def doubling_model():
    """An ONNX model that adds a vector of three numbers to itself (onnx.proto: ModelProto, GraphProto, NodeProto)."""
    shape = field(1, field(1, 3))
    kind = field(1, field(1, 1) + field(2, shape))
    node = field(1, "x") + field(1, "x") + field(2, "y") + field(4, "Add")
    graph = (
        field(1, node)
        + field(2, "g")
        + field(11, field(1, "x") + field(2, kind))
        + field(12, field(1, "y") + field(2, kind))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def model_solution(folder, name, data, **changes):
    write_solution(folder, start={"model": name}, limits={"memory_bytes": 4 * GIB, "processes": 64}, **changes)
    (folder / name).write_bytes(data)
    return folder


def run(tmp_path, solution):
    samples = [{"id": "a", "input": [1, 2, 3.5], "target": [2.0, 4.0, 7.0]}, {"id": "b", "input": ["x"], "target": 0}]
    suite = write_suite(tmp_path / "suite", samples, threshold=("accuracy", 0.5))
    return Run(solutions.load(solution), suites.load(suite), tmp_path / "run", default_isolation()).execute()


def test_an_onnx_file_is_run_in_isolation(tmp_path):
    report = run(tmp_path, model_solution(tmp_path / "solution", "double.onnx", doubling_model()))
    assert report["quality"]["value"] == 0.5, report["resources"]
    assert {fault["code"]: fault["count"] for fault in report["faults"]} == {"error-answer": 1}
    assert report["solution"]["packages"].keys() == {"onnxruntime", "numpy"}
    assert report["tried"]["addresses"]["attempts"] == 0


def test_a_gguf_file_is_run_in_isolation_and_says_the_same_to_the_same_question(tmp_path):
    folder = model_solution(tmp_path / "solution", "chat.gguf", b"")
    tiny_gguf.write(folder / "chat.gguf")
    chat = {"messages": [{"role": "user", "content": "Tere!"}], "max_tokens": 8}
    inputs = [chat, "Що таке ЦНАП?", chat, {"messages": "none"}, chat]
    samples = [{"id": str(number), "input": one, "target": "?"} for number, one in enumerate(inputs)]
    suite = suites.load(write_suite(tmp_path / "suite", samples, scorer="exact"))
    report = Run(solutions.load(folder), suite, tmp_path / "run", default_isolation()).execute()
    assert {fault["code"]: fault["count"] for fault in report["faults"]} == {"error-answer": 1}, report["resources"]
    assert report["solution"]["packages"].keys() == {"xllamacpp"}
    said = [one.output for one in kept_results(tmp_path / "run", report["results"]["sha256"])]
    assert said[0] == said[2] == said[4] != said[1]
    assert report["tried"]["addresses"]["attempts"] == 0


def test_a_file_that_is_no_model_ends_the_run_as_an_early_exit(tmp_path):
    folder = model_solution(tmp_path / "solution", "chat.gguf", struct.pack("<4sI", b"GGUF", 3))
    report = run(tmp_path, folder)
    assert report["quality"]["value"] == 0
    assert "early-exit" in {fault["code"] for fault in report["faults"]}


def test_a_runtime_that_is_not_here_is_said_with_what_to_install():
    with pytest.raises(RuntimeMissingError, match=r"run by no-such-runtime.*sild\[gguf\]"):
        weights.versions(weights.Kind("run_gguf.py", ("no-such-runtime",), "gguf"))


@pytest.mark.parametrize(
    "start",
    [
        {},
        {"model": "a.onnx", "command": ["python3"]},
        {"model": "a.pickle"},
        {"model": "../a.onnx"},
        {"model": "a.onnx", "protocol": "chat"},
        {"command": ["python3"], "port": 8080},
    ],
)
def test_a_start_that_contradicts_itself_is_a_flaw(tmp_path, start):
    with pytest.raises(FormError, match="start"):
        solutions.load(write_solution(tmp_path / "s", start=start))


def test_a_solution_that_serves_a_port_is_not_let_out(tmp_path):
    start = {"command": ["python3", "main.py"], "protocol": "chat", "port": 8080}
    with pytest.raises(FormError, match="serve on the socket"):
        solutions.load(write_solution(tmp_path / "s", start=start, egress=["a.example:443"]))


def test_kinds_are_told_by_the_end_of_the_name():
    assert [weights.kind_of(name) and weights.kind_of(name).extra for name in ("A.ONNX", "b.gguf", "c.bin")] == [
        "onnx",
        "gguf",
        None,
    ]
