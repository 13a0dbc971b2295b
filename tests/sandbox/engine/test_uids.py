"""User ids for runs that root starts."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.uids import fresh_uid, pool

pytestmark = pytest.mark.unit


def test_on_a_whole_host_ids_come_from_the_unused_range():
    assert pool("         0          0 4294967295\n") == range(0x70000000, 0x7FFFFFFF)


def test_in_a_container_they_come_from_the_upper_half_of_what_it_was_given():
    assert pool("0 1000 1\n1 100000 65536\n") == range(1 + 32768, 65537)


def test_no_two_runs_have_the_same(monkeypatch):
    monkeypatch.setattr("sild.sandbox.engine.uids.pool", lambda _text: range(5, 7))
    with fresh_uid() as first, fresh_uid() as second:
        assert {first, second} == {5, 6}
    with fresh_uid() as again:
        assert again in {5, 6}
