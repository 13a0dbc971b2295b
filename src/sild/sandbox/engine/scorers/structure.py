"""Outputs that must have a form: a JSON Schema (2020-12) says which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from sild.sandbox.engine.scorers.base import Metric, share

if TYPE_CHECKING:
    from collections.abc import Sequence

Schema = dict[str, Any]


class Structure:
    """The output, or the JSON in its text, conforms to the schema that the target is."""

    name = "json-schema"
    metrics: tuple[str, ...] = ("conforming",)
    per_sample = "1 when it conforms, else 0"

    def read(self, value: object) -> tuple[object]:
        """A JSON value, or a text that holds one, with or without a fence of back-ticks around it."""
        if not isinstance(value, str):
            return (value,)
        inner = value.strip()
        if inner.startswith("```") and inner.endswith("```"):
            inner = inner.strip("`").removeprefix("json")
        try:
            return (orjson.loads(inner),)
        except orjson.JSONDecodeError as error:
            raise ValueError("JSON is expected") from error

    def read_target(self, value: object) -> Schema:
        """A schema; one that points outside itself is refused, because nothing is fetched."""
        from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 -- slow, and few suites need it

        if not isinstance(value, dict) or b'"$ref":"http' in orjson.dumps(value):
            raise ValueError("a JSON Schema without references to other documents is expected")
        try:
            Draft202012Validator.check_schema(value)
        except SchemaError as error:
            raise ValueError(f"this is no JSON Schema: {error.message}") from error
        return value

    def score(self, output: tuple[object] | None, target: Schema) -> float:
        """1 when it conforms."""
        from jsonschema import Draft202012Validator  # noqa: PLC0415

        return float(output is not None and Draft202012Validator(target).is_valid(output[0]))

    def measure(
        self, pairs: Sequence[tuple[tuple[object] | None, Schema]], seed: int, repeats: int = 1
    ) -> list[Metric]:
        """The share that conforms."""
        return [share("conforming", (self.score(*pair) for pair in pairs), repeats)]
