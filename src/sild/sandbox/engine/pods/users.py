"""Users of an image: who a name or number is by its own passwd and group (passwd(5), group(5))."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_BYTES = 1024 * 1024
_NO_HOME = "/"


@dataclass(frozen=True, slots=True)
class User:
    """Who a process inside is; `home` is what HOME says unless something else is asked for."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/root"


def find(spec: str, passwd: str, group: str) -> User | None:
    """Who is meant by `user`, `uid`, `user:group` or `uid:gid`; None when there is no such user or group.

    Args:
        spec: as an image or a command has it; empty is root.
        passwd: what stands in /etc/passwd inside.
        group: what stands in /etc/group inside.
    """
    name, _colon, of = (spec or "0").partition(":")
    row = next((row for row in _rows(passwd, 7) if name in {row[0], row[2]}), None)
    if row is None and not name.isdecimal():
        return None
    known = User(int(row[2]), int(row[3]), _groups(row[0], group), row[5] or _NO_HOME) if row else None
    user = known or User(int(name), 0, (), "/root" if name == "0" else _NO_HOME)
    if not of:
        return user
    entry = next((row for row in _rows(group, 4) if of in {row[0], row[2]}), None)
    if entry is None and not of.isdecimal():
        return None
    return User(user.uid, int(entry[2]) if entry else int(of), (), user.home)


def _rows(text: str, members: int) -> Iterator[list[str]]:
    """The lines that are whole, their ids being numbers."""
    for line in text.splitlines():
        row = line.split(":")
        if len(row) >= members and row[2].isdecimal() and (members < 5 or row[3].isdecimal()):  # noqa: PLR2004
            yield row


def _groups(name: str, group: str) -> tuple[int, ...]:
    """The groups that list somebody."""
    return tuple(int(row[2]) for row in _rows(group, 4) if name in row[3].split(","))


def read(root: Path, name: str) -> str:
    """A file of an unpacked image's /etc, through no link; empty where it is none or cannot be read.

    Args:
        root: the unpacked image on the host.
        name: of the file in /etc.
    """
    with suppress(OSError):
        folder = os.open(root / "etc", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
        with os.fdopen(file, "rb") as opened:
            if stat.S_ISREG(os.fstat(file).st_mode):
                return opened.read(_MOST_BYTES).decode(errors="replace")
    return ""
