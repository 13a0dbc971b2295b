"""GPUs by name: which there are, which one is given, and that one is never given twice."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sild.spread import gpus
from sild.spread.errors import SpreadError
from sild.spread.local import LocalPool
from sild.spread.shards import Work
from spread.gpu_specs import describe

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A machine with three GPUs."""
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    monkeypatch.setenv(gpus.CDI, f"{describe(tmp_path / 'cdi', 3)}:{tmp_path / 'nothing'}")
    monkeypatch.setattr(gpus, "_assigned", [])
    return tmp_path / "cdi"


def test_devices_are_those_that_are_described_and_that_cuda_may_see(machine, monkeypatch):
    assert gpus.names() == ["0", "1", "2"]
    assert set(gpus.devices()) == {"0", "1", "2", "all"}
    monkeypatch.setenv(gpus.VISIBLE, "2,0,7")
    assert gpus.names() == ["2", "0"]
    monkeypatch.setenv(gpus.VISIBLE, "")
    assert gpus.names() == []


def test_names_are_those_that_tell_devices_apart_and_broken_files_are_left_out(machine, monkeypatch):
    (machine / "nvidia.yaml").write_text("kind: nvidia.com/gpu\ndevices: [{name: GPU-1}, {name: all}]\n")
    (machine / "broken.yaml").write_text("a: [")
    (machine / "list.json").write_text("[1]")
    (machine / "other.json").write_text('{"kind": "example.org/net", "devices": [{"name": "0"}]}')
    assert gpus.names() == ["GPU-1"]
    monkeypatch.setenv(gpus.CDI, "/nowhere")
    assert all(name.isdecimal() for name in gpus.names())  # the device files of this machine


def test_nobody_is_given_what_another_has():
    with gpus.taken(1) as first, gpus.taken(1, 5) as second:
        assert (first, second) == (["0"], ["1", "2"])
        with pytest.raises(SpreadError, match="others use them"), gpus.taken(1, seconds=0):
            pass
    with gpus.taken(3, seconds=0) as all_of_them:
        assert all_of_them == ["0", "1", "2"]
    with gpus.taken(0) as none:
        assert none == []


def test_another_process_is_somebody_else_until_it_is_killed():
    code = "from sild.spread import gpus\nwith gpus.taken(3) as held: print(len(held), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    ) as other:
        assert other.stdout.read(1) == b"3"
        with pytest.raises(SpreadError, match="others use them"), gpus.taken(1, seconds=0):
            pass
        other.kill()
    with gpus.taken(3):
        pass


def test_a_worker_takes_what_it_was_assigned_and_nothing_else():
    gpus.assign(["1"], held=False)
    assert os.environ[gpus.VISIBLE] == "1"
    with gpus.taken(1) as given:
        assert given == ["1"]
        with pytest.raises(SpreadError, match="others use them"), gpus.taken(1, seconds=0):
            pass
    with pytest.raises(SpreadError, match=r"2 GPUs are asked for at once; this machine has 1 to give"), gpus.taken(2):
        pass
    gpus.assign(["1"], held=True)
    with gpus.taken(1) as once, gpus.taken(1) as again:  # its pool holds it, and it does one thing at a time
        assert once == again == ["1"]


def test_processes_of_a_pool_have_gpus_of_their_own():
    with gpus.taken(1):
        found = dict(LocalPool(3).map(Work("spread.parts:visible", gpus=1), [b""] * 12)).values()
    workers = dict(told.split(b" ") for told in found)
    assert all(told.split(b" ")[1] == workers[told.split(b" ")[0]] for told in found)  # the same in every shard
    assert len(set(workers.values())) == len(workers) <= 2
    assert set(workers.values()) <= {b"1", b"2"}
    with gpus.taken(3, seconds=0):
        pass


def test_a_worker_that_is_killed_gives_back_what_it_had(tmp_path):
    shards = [b"a", b"die", b"b", b"c"]
    work = Work("spread.parts:die_once", str(tmp_path).encode(), gpus=3)
    assert dict(LocalPool(2).map(work, shards)) == dict(enumerate(shards))


def test_without_gpus_a_worker_sees_none():
    [told] = dict(LocalPool(1).map(Work("spread.parts:visible"), [b""])).values()
    assert told.split(b" ")[1] == b""
