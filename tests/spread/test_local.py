"""Processes of this machine: what they finish is kept, one that is killed is replaced."""

from __future__ import annotations

import pytest

from sild import spread
from sild.spread.errors import LostError, ShardError, SpreadError
from sild.spread.local import LocalPool
from sild.spread.shards import Outputs, Work

pytestmark = pytest.mark.integration


def test_every_shard_is_done_with_what_is_common_and_processes_stay():
    pool = spread.pool("local:2")
    done = dict(pool.map(Work("spread.parts:process"), [b""] * 12))
    assert sorted(done) == list(range(12))
    assert 1 <= len(set(done.values())) <= 2
    assert pool.name == "2 processes of this machine"


def test_what_is_kept_is_not_done_again(tmp_path):
    outputs, work = Outputs(tmp_path), Work("spread.parts:join", b"c")
    outputs.put(work.key(b"1"), b"kept")
    assert dict(LocalPool(1).map(work, [b"0", b"1"], outputs)) == {0: b"c0", 1: b"kept"}
    assert outputs.get(work.key(b"0")) == b"c0"
    assert dict(LocalPool(1).map(work, [b"0", b"1"], outputs)) == {0: b"c0", 1: b"kept"}


def test_a_lost_worker_costs_only_what_it_had_not_finished(tmp_path):
    shards = [b"a", b"die", b"b", b"c"]
    work = Work("spread.parts:die_once", str(tmp_path).encode())
    assert dict(LocalPool(2).map(work, shards)) == dict(enumerate(shards))


def test_a_shard_that_kills_every_worker_ends_the_work():
    with pytest.raises(LostError, match="4 times in a row"):
        list(LocalPool(1).map(Work("spread.parts:die"), [b""]))


def test_an_error_of_the_function_is_not_tried_again():
    with pytest.raises(ShardError, match="ValueError: wrong"):
        list(LocalPool(1).map(Work("spread.parts:fail"), [b"wrong"]))


def test_work_that_asks_for_more_gpus_than_there_are_is_refused():
    with pytest.raises(SpreadError, match="GPUs"):
        list(LocalPool(1).map(Work("spread.parts:join", gpus=1000), [b""]))


def test_without_an_address_it_is_as_wide_as_the_machine():
    assert spread.pool().width >= 1
    assert isinstance(spread.pool("local"), LocalPool)
