"""Keys by content, outputs that are kept once."""

from __future__ import annotations

import pytest

from sild.spread.errors import ShardError
from sild.spread.shards import Outputs, Work, call, missing, output_of

pytestmark = pytest.mark.unit


def test_the_key_is_that_of_function_common_content_and_shard():
    keys = {
        Work("a:b", b"c").key(b"d"),
        Work("a:b", b"c", gpus=1).key(b"d"),  # where it is done is no part of what is done
        Work("a:c", b"c").key(b"d"),
        Work("a:b", b"cd").key(b""),
        Work("a:b", b"c").key(b"e"),
    }
    assert len(keys) == 4


def test_outputs_are_found_by_their_key(tmp_path):
    outputs = Outputs(tmp_path / "outputs")
    work = Work("a:b")
    assert outputs.get(work.key(b"1")) is None
    outputs.put(work.key(b"1"), b"one")
    outputs.put(work.key(b"1"), b"one")
    assert missing(work, [b"0", b"1", b"2"], outputs) == ({1: b"one"}, [0, 2])
    assert missing(work, [b"0"], None) == ({}, [0])
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == [work.key(b"1")]


def test_an_error_travels_as_a_sentence():
    assert call("spread.parts:join", b"a", b"b") == ("", b"ab")
    with pytest.raises(ShardError, match="ValueError: why"):
        output_of(*call("spread.parts:fail", b"", b"why"))
    with pytest.raises(ShardError, match="no_such"):
        output_of(*call("spread.parts:no_such", b"", b""))
