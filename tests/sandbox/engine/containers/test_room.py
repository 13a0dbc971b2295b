"""Where a container lives: its ids, its folder, and what is left when somebody dies."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time

import pytest

from sild.sandbox.engine.containers import room as rooms
from sild.sandbox.engine.containers.room import Ids, Room, room
from sild.sandbox.engine.errors import IsolationError

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def ended(made, command, binds=()):
    """What a command in the room said, and its status."""
    held = made.spawn(command, binds, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    held.let_go()
    output, error = held.popen.communicate(timeout=20)
    return output.decode() + error.decode(), held.popen.returncode


def test_a_command_is_root_of_ids_that_are_nobodys_and_sees_its_own_processes_alone(folder):
    (folder / "shown").write_text("text")
    with room() as made:
        (made.folder / "root" / "file").touch()
        made.own()
        bind = (str(folder / "shown"), str(made.folder / "root" / "file"))
        look = "id -u; cat /proc/self/uid_map; cat /run/root/file; ls -d /proc/[0-9]* | wc -l; echo x > /run/root/file"
        said, status = ended(made, ["sh", "-c", look], [bind])
    lines = said.splitlines()
    assert lines[0] == "0"
    assert lines[1].split() == ["0", str(made.ids.first), "1"]
    assert made.ids.first != os.geteuid() or os.geteuid() != 0
    assert lines[3].startswith("text")
    assert int(lines[3].removeprefix("text")) <= 6
    assert "Read-only" in said
    assert status != 0
    assert (folder / "shown").read_text() == "text"


def test_the_folder_is_gone_afterwards_and_what_others_left_is_swept(folder):
    with room() as left:
        (folder / f"{rooms.PREFIX}left").mkdir()
        (folder / f"{rooms.PREFIX}left" / "lock").touch()
        with room() as made:
            assert made.folder.exists()
            assert not (folder / f"{rooms.PREFIX}left").exists()
            assert left.folder.exists()  # its lock is held
    assert list(folder.iterdir()) == []


def test_another_run_that_begins_at_any_moment_sweeps_no_new_folder_away(folder, monkeypatch):
    flock, swept = fcntl.flock, []

    def meanwhile(lock, how):
        if not swept:
            swept.append(True)
            rooms.sweep(folder)  # the folder and its lock are there, and nobody holds the lock yet
        flock(lock, how)

    monkeypatch.setattr(fcntl, "flock", meanwhile)
    with room() as made:
        assert swept
        assert (made.folder / "store").is_dir()


def test_a_folder_that_was_never_named_is_swept_when_it_is_old(folder):
    for name, age in (("old", 7200), ("new", 0)):
        unnamed = folder / f"{rooms.HIDDEN}{name}"
        unnamed.mkdir()
        (unnamed / "lock").touch()
        os.utime(unnamed, (time.time() - age,) * 2)
    rooms.sweep(folder)
    assert [path.name for path in folder.iterdir()] == [f"{rooms.HIDDEN}new"]


def test_a_command_that_was_not_let_go_ends_with_its_input():
    with room() as made:
        made.own()
        held = made.spawn(["echo", "ran"], (), {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        output, _error = held.popen.communicate(timeout=20)
    assert output == b""
    assert held.popen.returncode == 125


def test_a_bind_that_cannot_be_made_ends_it_before_the_command():
    with room() as made, pytest.raises(IsolationError, match="/no/such/file does not exist"):
        made.spawn(["echo", "ran"], [("/no/such/file", str(made.folder / "root"))], {"PATH": "/usr/bin:/bin:/usr/sbin"})


def test_a_program_without_user_namespaces_is_refused(folder, monkeypatch):
    monkeypatch.setattr(Room, "_chain", lambda *_words: ["false"])
    with room() as made, pytest.raises(IsolationError, match="could not be prepared"):
        made.spawn(["true"], (), {})


def test_ids_that_cannot_be_mapped_are_an_error_that_says_so():
    with subprocess.Popen(["sleep", "5"]) as other:
        with pytest.raises(IsolationError, match="could not be mapped"):
            rooms._write(other.pid, "uid", (0, 1, 1, 1, 2, 3))
        other.kill()


def test_a_plain_user_gets_the_widest_range_that_the_file_gives(folder, monkeypatch):
    file = folder / "subuid"
    file.write_text(f"nobody:1:2\n{os.geteuid()}:100000:10\n{os.geteuid()}:200000:65536\nbroken\n")
    assert rooms._given(file) == range(200000, 265536)
    assert rooms._given(folder / "missing") is None
    monkeypatch.setattr(rooms, "_SUBUID", file)
    monkeypatch.setattr(rooms, "_SUBGID", file)
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(IsolationError, match="usermod --add-subuids"):
        rooms.ids()
    file.write_text("4321:300000:1000\n")
    assert rooms.ids() == Ids(4321, 300000, 300000, 1000)


def test_roots_ranges_do_not_overlap():
    firsts = {rooms.ids().first for _ in range(20)}
    assert len(firsts) > 1
    assert all(first % rooms.WIDTH == 0 for first in firsts)
