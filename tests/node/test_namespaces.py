"""Two and three real nodes in network namespaces: cables pulled, partners frozen, disks full, clocks wrong, kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from node.field import Field, wrong_clock
from node.pairs import until

pytestmark = pytest.mark.e2e
PATIENCE = 240.0


def some_by_day(stages, *names):
    """Every stage at night; by day those with one of these names."""
    return [
        stage if any(name in stage for name in names) else pytest.param(stage, marks=pytest.mark.nightly)
        for stage in stages
    ]


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """Tallinn, Kyiv on a disk of 24 MiB, and Riga, whose clock is a day behind; all pinned to each other."""
    folder = tmp_path_factory.mktemp("field")
    disk = folder / "kyiv"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "sild-test", str(disk)], check=True)
    made = None
    try:
        made = Field(folder)
        machines = made.add("tallinn"), made.add("kyiv"), made.add("riga", **wrong_clock(folder, -86_400))
        for machine in machines:
            machine.launch()
        for machine in machines:
            machine.wait()
        made.introduce(*machines)
        yield made
    finally:
        if made:
            made.close()
        subprocess.run(["umount", "-l", str(disk)], check=False)


@pytest.fixture
def tallinn(field):
    return field.machines["tallinn"]


@pytest.fixture
def kyiv(field):
    return field.machines["kyiv"]


@pytest.fixture
def riga(field):
    return field.machines["riga"]


def arrives(machine, ids):
    """Everything is there, once, with its files, and nobody was frozen."""

    def here():
        found = machine.count()
        assert all(one["state"] == "pinned" for one in found["partners"].values()), found["partners"]
        assert len(set(found["received"])) == len(found["received"])
        return set(ids) <= set(found["received"]) and not found["files_missing"]

    until(f"{len(ids)} records at {machine.name}", here, PATIENCE)


def test_a_node_whose_clock_is_a_day_behind_exchanges_with_the_others(tallinn, riga):
    ids = tallinn.act("publish", 3, "partners"), riga.act("publish", 3, "tallinn")
    arrives(riga, ids[0])
    arrives(tallinn, ids[1])


def test_a_cable_that_is_pulled_in_the_middle_of_a_transfer_costs_time_and_nothing_else(tallinn, kyiv):
    kyiv.drop(0.3)
    ids = tallinn.act("publish", 600, "kyiv", 400)
    before = kyiv.count()["partners"]["tallinn"]["position"]
    until("a part of it", lambda: kyiv.count()["partners"]["tallinn"]["position"] > before, PATIENCE)
    kyiv.link("down")
    more = tallinn.act("publish", 5, "kyiv")
    time.sleep(2)
    halted = kyiv.count()["partners"]["tallinn"]["position"]
    kyiv.link("up")
    kyiv.drop(0)
    arrives(kyiv, [*ids, *more])
    assert halted >= before


def test_a_frozen_partner_holds_up_nobody_else(tallinn, kyiv, riga):
    kyiv.signal(signal.SIGSTOP)
    try:
        ids = tallinn.act("publish", 3, "partners")
        arrives(riga, ids)
        back = riga.act("publish", 2, "tallinn")
        arrives(tallinn, back)
    finally:
        kyiv.signal(signal.SIGCONT)
    arrives(kyiv, ids)


def fill(path):
    """Write until the disk is full."""
    with path.open("wb") as file, suppress(OSError):
        while True:
            os.write(file.fileno(), bytes(4096))
    assert os.statvfs(path.parent).f_bavail == 0


def test_a_full_disk_stops_the_import_and_it_goes_on_when_there_is_room(tallinn, kyiv):
    filler = kyiv.home / "filler"
    fill(filler)
    ids = tallinn.act("publish", 40, "kyiv", 2_000)
    time.sleep(4)
    assert kyiv.process.poll() is None, "the node is still there"
    filler.unlink()
    arrives(kyiv, ids)


PUBLISHING = [
    "sild.exchange.log:lock:return",
    "sild.exchange.blobs:adopt:return",
    "sild.exchange.log:append:call",
    "sild.trust.checkpoint:sign_checkpoint:return",
    "sild.exchange.log:append:return",
    "sild.exchange.numbering:enqueue:return",
    "sild.people.audit:note_all:return",
]


@pytest.mark.parametrize("stage", some_by_day(PUBLISHING, "sign_checkpoint"))
def test_killed_at_any_stage_of_publishing_a_log_has_all_of_it_or_nothing(tallinn, stage):
    before = tallinn.count()
    tallinn.dies(stage, "publish", 2, "partners")
    after = tallinn.count()
    assert (after["own"], after["log"], after["checkpoint"]) == (before["own"], before["log"], before["checkpoint"])


def test_killed_after_the_commit_what_was_published_is_there_and_reaches_everybody(tallinn, kyiv):
    before = tallinn.count()["own"]
    tallinn.dies("act:publish:return", "publish", 2, "partners")
    after = tallinn.count()
    assert after["own"] == after["log"] == after["checkpoint"] == before + 2
    ids = tallinn.act("publish", 1, "partners")
    arrives(kyiv, ids)


PULLING = [
    "sild.exchange.client:index:return",
    "sild.exchange.history:remember:return",
    "sild.exchange.entries:check_all:return",
    "sild.exchange.incoming:_advance:return",
    "sild.exchange.kinds:announce:return",
    "sild.exchange.incoming:_import:return",
    "sild.exchange.client:send_cosignature:call",
    "sild.exchange.client:send_cosignature:return",
    "sild.exchange.blobs:adopt:return",
    "sild.exchange.transfer:accept:return",
    "sild.exchange.receipts:give:call",
    "sild.exchange.log:append:return",
    "sild.exchange.receipts:give:return",
]


@pytest.fixture(scope="module")
def alone(field):
    """Kyiv without its own exchange process, so that only the test pulls."""
    field.machines["kyiv"].stop()
    yield field.machines["kyiv"]
    field.machines["kyiv"].start()


@pytest.mark.parametrize("stage", some_by_day(PULLING, "_advance", "transfer"))
def test_killed_at_any_stage_of_a_pull_the_next_one_brings_everything_once(tallinn, alone, stage):
    ids = tallinn.act("publish", 3, "kyiv")
    alone.dies(stage, "pull", "tallinn")
    alone.act("pull", "tallinn")
    arrives(alone, ids)
    after = alone.count()
    assert after["own"] == after["log"] == after["checkpoint"]
    assert after["partners"]["tallinn"]["error"] == ""
