"""Outputs of a required form."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.scorers.structure import Structure

pytestmark = pytest.mark.unit

SCHEMA = {"type": "object", "required": ["sum"], "properties": {"sum": {"type": "number"}}}


@pytest.mark.parametrize(
    ("output", "conforms"),
    [({"sum": 3}, 1), ('{"sum": 3}', 1), ('```json\n{"sum": 3}\n```', 1), ({"sum": "3"}, 0), ({}, 0), ("[]", 0)],
)
def test_an_output_conforms_or_not(output, conforms):
    scorer = Structure()
    assert scorer.score(scorer.read(output), scorer.read_target(SCHEMA)) == conforms


def test_what_is_no_json_has_no_form():
    with pytest.raises(ValueError, match="JSON"):
        Structure().read("the sum is three")
    assert Structure().measure([(None, SCHEMA)], 0)[0].value == 0


@pytest.mark.parametrize("schema", [{"type": 7}, {"$ref": "https://example.org/schema"}, "object", []])
def test_a_schema_must_be_one_and_stand_alone(schema):
    with pytest.raises(ValueError, match="Schema"):
        Structure().read_target(schema)
