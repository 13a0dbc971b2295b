"""Files of a machine, touched by its own shell: whatever paths and links lead to is found inside, by its own rights."""

from __future__ import annotations

import errno
import os
from typing import NoReturn

_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH\n"
# Statuses that no program here ends with by itself.
_ERRORS = {
    61: errno.EISDIR,
    62: errno.ENOENT,
    63: errno.EACCES,
    64: errno.EINVAL,
    65: errno.ENOTDIR,
}
_READ = """
[ -d "$1" ] && exit 61
[ -e "$1" ] || exit 62
[ -f "$1" ] || exit 64
[ -r "$1" ] || exit 63
exec cat < "$1"
"""
_WRITE = """
[ -d "$1" ] && exit 61
parent=${1%/*}
if [ -n "$parent" ] && [ ! -d "$parent" ]; then
  up=$parent
  while [ -n "$up" ] && [ ! -e "$up" ]; do up=${up%/*}; done
  [ -z "$up" ] || [ -d "$up" ] || exit 65
  mkdir -p -- "$parent" 2> /dev/null || exit 63
fi
if [ -e "$1" ] || [ -L "$1" ]; then
  [ ! -e "$1" ] || [ -f "$1" ] || exit 64
fi
( : >> "$1" ) 2> /dev/null || exit 63
exec cat > "$1"
"""


def reading(file: str) -> list[str]:
    """The command that says what is in a file, given by an absolute path inside."""
    return ["/bin/sh", "-c", _PATH + _READ, "sh", file]


def writing(file: str) -> list[str]:
    """The command that writes its input to a file, and makes the folders above it."""
    return ["/bin/sh", "-c", _PATH + _WRITE, "sh", file]


def refusal(code: int) -> int:
    """The errno that a status stands for; 0 when it stands for none."""
    return _ERRORS.get(code, errno.EIO if code else 0)


def refuse(number: int, file: str) -> NoReturn:
    """Raise the error of Inspect's interface for an errno.

    Raises:
        OSError: always; Python makes it FileNotFoundError, PermissionError or IsADirectoryError where it is one.
    """
    raise OSError(number, os.strerror(number), file)
