"""Control groups: found where they are, done without where they are not."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from sild.sandbox.engine import cgroup
from sild.sandbox.engine.limits import MIB, Limits

pytestmark = pytest.mark.integration


@pytest.fixture
def hierarchy(tmp_path, monkeypatch):
    """Files that say where groups are, over a plain folder: a kernel adds the controllers' files, a folder does not."""
    (tmp_path / "mounts").write_text("")
    (tmp_path / "own").write_text("")
    monkeypatch.setattr(cgroup, "_MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(cgroup, "_OWN", tmp_path / "own")
    cgroup.controllers.cache_clear()
    yield tmp_path
    cgroup.controllers.cache_clear()


def test_what_is_made_is_removed_again():
    group = cgroup.make(Limits())
    assert len(group.folders) == len(set(group.folders)) <= len(cgroup.controllers())
    group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_groups_of_a_process_that_is_gone_are_swept_and_those_of_a_living_one_stay(tmp_path):
    ours = tmp_path / f"{cgroup._owner(os.getpid())}-a"
    with subprocess.Popen(["true"]) as gone:
        pass
    space = cgroup._pid_namespace()
    swept = [tmp_path / name for name in (f"sild-{space}-{gone.pid}-1-a", f"sild-{space}-{os.getpid()}-1-a")]
    others = [tmp_path / name for name in (f"sild-1{space}-{gone.pid}-1-a", "sild-else", "else")]
    for folder in (ours, *swept, *others):
        folder.mkdir()
    cgroup.sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([ours, *others])


def test_what_a_killed_node_left_running_is_ended_with_its_group(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as left, subprocess.Popen(["true"]) as gone:
        gone.wait()
        folder = tmp_path / f"sild-{cgroup._pid_namespace()}-{gone.pid}-1-a"
        folder.mkdir()
        (folder / "cgroup.procs").write_text(f"{left.pid}\n")
        cgroup.sweep(tmp_path)
        assert left.wait() == -signal.SIGKILL


def test_a_process_is_born_in_the_groups_and_we_are_not_left_in_them():
    before = Path("/proc/thread-self/cgroup").read_text()
    group = cgroup.make(Limits())
    with group.entered(), subprocess.Popen(["sleep", "60"]) as born:
        group.add(born.pid)
        for folder in group.folders:
            assert str(born.pid) in (folder / "cgroup.procs").read_text().split()
        born.kill()
    assert Path("/proc/thread-self/cgroup").read_text() == before
    group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_a_host_without_groups_gets_none(hierarchy):
    assert cgroup.controllers() == ()
    assert cgroup.make(Limits()).folders == []


def test_a_group_that_lacks_the_controllers_file_is_not_used(hierarchy):
    (hierarchy / "v2").mkdir()
    (hierarchy / "mounts").write_text(f"cgroup2 {hierarchy}/v2 cgroup2 rw 0 0\n")
    (hierarchy / "own").write_text("0::/\n")
    assert cgroup.controllers() == ()
    assert list((hierarchy / "v2").iterdir()) == []


@pytest.mark.parametrize(
    ("mounts", "own", "controller", "folder"),
    [
        ("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0", "0::/user.slice", "", "/sys/fs/cgroup/user.slice"),
        ("cgroup /c/memory cgroup rw,memory 0 0", "4:memory:/a", "memory", "/c/memory/a"),
        ("cgroup /c/both cgroup rw,cpu,cpuacct 0 0", "3:cpu,cpuacct:/", "cpuacct", "/c/both"),
        ("cgroup /c/memory cgroup rw,memory 0 0", "4:memory:/a", "pids", None),
        ("tmpfs /c tmpfs rw 0 0", "4:memory:/a", "memory", None),
        ("", "nonsense", "memory", None),
    ],
)
def test_our_own_group_is_found_in_both_versions(hierarchy, mounts, own, controller, folder):
    (hierarchy / "mounts").write_text(mounts + "\n")
    (hierarchy / "own").write_text(own + "\n")
    found = cgroup._own_folder(controller)
    assert found == (folder and Path(folder))


def test_limits_are_written_in_each_versions_words(tmp_path):
    limits = Limits(memory_bytes=100 * MIB, scratch_bytes=10 * MIB, processes=7)
    for version, expected in (
        (1, {"memory.limit_in_bytes": 110 * MIB}),
        (2, {"memory.max": 110 * MIB, "memory.swap.max": 0}),
    ):
        assert cgroup._settings(cgroup.Controller("memory", version, tmp_path), limits) == expected
    assert cgroup._settings(cgroup.Controller("pids", 2, tmp_path), limits) == {"pids.max": 11}
    assert cgroup._settings(cgroup.Controller("cpuacct", 1, tmp_path), limits) == {}


def test_figures_are_read_in_both_versions(tmp_path):
    group = cgroup.Group([tmp_path])
    assert (group.cpu_seconds(), group.peak_memory(), group.out_of_memory()) == (0.0, 0, False)
    (tmp_path / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
    (tmp_path / "memory.peak").write_text("4096\n")
    (tmp_path / "memory.events").write_text("oom 1\noom_kill 1\n")
    assert (group.cpu_seconds(), group.peak_memory(), group.out_of_memory()) == (1.5, 4096, True)
    (tmp_path / "cpuacct.usage").write_text("2500000000\n")
    (tmp_path / "memory.max_usage_in_bytes").write_text("8192\n")
    (tmp_path / "memory.events").write_text("broken\n")
    (tmp_path / "memory.oom_control").write_text("under_oom 0\noom_kill 2\n")
    assert (group.cpu_seconds(), group.peak_memory(), group.out_of_memory()) == (2.5, 8192, True)
