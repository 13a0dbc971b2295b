"""The in-toto Statement: checked against the specification's fields, written here as a JSON Schema."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from sandbox.factories import numbers, write_solution, write_suite
from sild.sandbox.engine import default_isolation, solution, statement, suite
from sild.sandbox.engine.runner import Run

pytestmark = pytest.mark.integration

DIGESTS = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]+$"},
    "properties": {"sha256": {"pattern": "^[0-9a-f]{64}$"}},
}
# spec/v1/resource_descriptor.md: one of uri, digest and content at least.
DESCRIPTOR = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}, {"required": ["content"]}],
    "properties": {
        "name": {"type": "string"},
        "uri": {"type": "string"},
        "digest": DIGESTS,
        "content": {"type": "string"},
        "downloadLocation": {"type": "string"},
        "mediaType": {"type": "string"},
        "annotations": {"type": "object"},
    },
}
TESTS = {"type": "array", "items": {"type": "string"}}
# spec/v1/statement.md and spec/predicates/test-result.md
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["_type", "subject", "predicateType", "predicate"],
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "subject": {"type": "array", "minItems": 1, "items": {"allOf": [DESCRIPTOR, {"required": ["digest"]}]}},
        "predicateType": {"const": "https://in-toto.io/attestation/test-result/v0.1"},
        "predicate": {
            "type": "object",
            "additionalProperties": False,
            "required": ["result", "configuration"],
            "properties": {
                "result": {"enum": ["PASSED", "WARNED", "FAILED"]},
                "configuration": {"type": "array", "minItems": 1, "items": DESCRIPTOR},
                "url": {"type": "string"},
                "passedTests": TESTS,
                "warnedTests": TESTS,
                "failedTests": TESTS,
            },
        },
    },
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("statement")
    thresholds = [
        {"metric": "accuracy", "at_least": 0.9, "use": "bound"},
        {"metric": "latency_p50_ms", "at_most": 0},
        {"metric": "accuracy", "at_least": 0.5, "slice": "group=a"},
    ]
    samples = [one | {"slices": {"group": "a"}} for one in numbers(60)]
    write_solution(folder / "s")
    write_suite(folder / "t", samples, thresholds=thresholds)
    return Run(solution.load(folder / "s"), suite.load(folder / "t"), folder / "run", default_isolation()).execute()


def test_a_report_is_a_statement_of_the_specifications_form(report):
    record = {"id": "0190-1", "hash": "sha256:" + "e" * 64}
    told = statement.statement(report, package="sha256:" + "d" * 64, record=record)
    Draft202012Validator(SCHEMA).validate(told)
    assert [one["name"] for one in told["subject"]] == ["echo@1.0", "echo-1.0.zip"]
    assert told["subject"][0]["digest"] == {"sha256": report["solution"]["digest"].removeprefix("sha256:")}
    predicate = told["predicate"]
    assert predicate["result"] == "FAILED"
    assert predicate["failedTests"] == ["latency_p50_ms <= 0"]
    assert predicate["passedTests"] == ["accuracy >= 0.9 (bound of the 95 % interval)", "accuracy[group=a] >= 0.5"]
    by_name = {one["name"]: one for one in predicate["configuration"]}
    assert by_name["copy@1.0"]["digest"]["sha256"] == report["suite"]["digest"].removeprefix("sha256:")
    assert by_name[report["results"]["file"]]["annotations"]["merkleRoot"] == report["results"]["root"]
    assert by_name["record 0190-1"]["digest"] == {"sha256": "e" * 64}


def test_what_is_not_known_is_left_out(report):
    told = statement.statement(report)
    Draft202012Validator(SCHEMA).validate(told)
    assert len(told["subject"]) == 1
    assert not any(one["name"].startswith("record") for one in told["predicate"]["configuration"])
