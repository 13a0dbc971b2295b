"""What a call points at, read from its process's memory while it waits."""

from __future__ import annotations

import os
import posixpath

_PATH_BYTES = 4096
_HERE = (1 << 32) - 100  # AT_FDCWD in the lower half of an argument
_HALF = 0xFFFFFFFF


def read(pid: int, at: int, size: int) -> bytes:
    """Bytes of a process's memory; fewer when it has no more there (proc(5), /proc/pid/mem).

    Raises:
        OSError: it has died, or is not ours to read.
    """
    if at >= 1 << 63:  # no address of a process
        return b""
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, size, at)
    finally:
        os.close(descriptor)


def path(pid: int, at: int, folder: int = _HERE) -> str:
    """The path that a call names, from the root inside, without `.` and `..`.

    Args:
        pid: the thread that calls.
        at: where the path stands in its memory.
        folder: the descriptor that a relative path starts at; by default the process's own folder.

    Raises:
        OSError: see `read`.
    """
    named = os.fsdecode(read(pid, at, _PATH_BYTES).partition(b"\0")[0])
    if named.startswith("/"):
        return posixpath.normpath(named).replace("//", "/", 1)
    at_folder = folder & _HALF != _HERE
    base = os.readlink(f"/proc/{pid}/fd/{folder & _HALF}" if at_folder else f"/proc/{pid}/cwd")  # noqa: PTH115 -- often
    return posixpath.normpath(posixpath.join(base, named))
