"""Reading what a call points at, here from this process's own memory."""

from __future__ import annotations

import ctypes
import os

import pytest

from sild.sandbox.engine import memory

pytestmark = pytest.mark.integration
HERE = (1 << 64) - 100


def at(text):
    buffer = ctypes.create_string_buffer(text)
    return buffer, ctypes.addressof(buffer)


def test_bytes_are_read_up_to_the_end_of_what_there_is():
    buffer, address = at(b"abc")
    assert memory.read(os.getpid(), address, 3) == b"abc"
    del buffer
    assert memory.read(os.getpid(), (1 << 64) - 8, 8) == b""
    with pytest.raises(OSError, match="Input/output error"):
        memory.read(os.getpid(), 8, 8)


@pytest.mark.parametrize(
    ("text", "path"),
    [(b"/etc/../etc/./shadow", "/etc/shadow"), (b"//etc", "/etc"), (b"/", "/"), (b"/a\xff", "/a\udcff")],
)
def test_a_path_is_made_plain(text, path):
    _buffer, address = at(text)
    assert memory.path(os.getpid(), address) == path


def test_a_relative_path_starts_at_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _buffer, address = at(b"../x")
    assert memory.path(os.getpid(), address) == memory.path(os.getpid(), address, HERE) == str(tmp_path.parent / "x")
    folder = os.open("/usr", os.O_PATH)
    try:
        assert memory.path(os.getpid(), address, folder) == "/x"
    finally:
        os.close(folder)
