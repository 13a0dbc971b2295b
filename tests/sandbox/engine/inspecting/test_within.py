"""The commands that touch files, run by a shell of this host's in folders of a test's own."""

from __future__ import annotations

import errno
import os
import subprocess

import pytest

from sild.sandbox.engine.inspecting import within

pytestmark = pytest.mark.integration


def run(command, given=b""):
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    return within.refusal(done.returncode), done.stdout


def test_a_file_is_written_with_its_folders_and_read(tmp_path):
    file = str(tmp_path / "a" / "b c" / "file")
    assert run(within.writing(file), b"\x00\xff\r\n") == (0, b"")
    assert run(within.reading(file)) == (0, b"\x00\xff\r\n")
    assert run(within.writing(file), b"") == (0, b"")
    assert run(within.reading(file)) == (0, b"")


def test_what_is_refused_has_its_errno(tmp_path):
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    assert run(within.reading(str(tmp_path)))[0] == errno.EISDIR
    assert run(within.reading(str(tmp_path / "missing")))[0] == errno.ENOENT
    assert run(within.reading(str(tmp_path / "pipe")))[0] == errno.EINVAL
    assert run(within.reading("/dev/zero"))[0] == errno.EINVAL
    assert run(within.writing(str(tmp_path)))[0] == errno.EISDIR
    assert run(within.writing(str(tmp_path / "pipe")))[0] == errno.EINVAL
    assert run(within.writing(str(tmp_path / "file" / "below")))[0] == errno.ENOTDIR
    assert run(within.writing(str(tmp_path / "loop")))[0] == errno.EACCES
    assert run(within.writing("/proc/no-such-file"))[0] == errno.EACCES


def test_a_status_of_another_kind_is_an_input_output_error():
    assert within.refusal(0) == 0
    assert within.refusal(2) == errno.EIO
    with pytest.raises(IsADirectoryError):
        within.refuse(errno.EISDIR, "file")
