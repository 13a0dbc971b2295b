"""One sample's result: the line that is stored and the leaf that is proved."""

from __future__ import annotations

import hashlib

import orjson
import pytest

from sild.sandbox.engine.result import Result, digest_of

pytestmark = pytest.mark.unit


def test_a_leaf_has_the_outputs_salted_digest_and_a_line_has_the_output():
    one = Result(0, "s0", {"b": 1, "a": "õ"}, "", 0.5, 1.25, alone=True)
    assert "salt" not in one.leaf().decode()
    assert one.salt in one.line().decode()
    told = orjson.loads(one.leaf())
    canonical = '{"a":"õ","b":1}'
    assert told["digest"] == hashlib.sha256((one.salt + canonical).encode()).hexdigest()
    assert Result.parse(one.line()).leaf() == one.leaf()
    assert digest_of("x", "s") == hashlib.sha256(b's"x"').hexdigest()


def test_a_result_without_an_answer_has_no_digest():
    one = Result(1, "s1", None, "no answer", 0.0, 0.0, alone=False, repeat=2)
    assert b"digest" not in one.leaf()
    assert Result.parse(one.line()) == one
