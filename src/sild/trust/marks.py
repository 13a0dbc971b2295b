"""How far a log was signed, kept outside its database, so that a database that went back is noticed before it signs.

Two files hold the newest checkpoint that may have left this machine. The *lasting* one lies on disk and survives a
restart. The *fleeting* one lies in memory (a tmpfs): no backup and no snapshot of a disk contains it, so it stands for
“nothing was restored since”. When it is missing, only a partner can say whether the log is still whole.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sild.trust import note
from sild.trust.checkpoint import Checkpoint
from sild.trust.errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Marks:
    """The two files of one node.

    Attributes:
        lasting: on disk.
        fleeting: in memory.
    """

    lasting: Path
    fleeting: Path

    @classmethod
    def of(cls, home: Path, run: Path) -> Marks:
        """The marks of the node in `home`; `run` is a folder that forgets at a reboot."""
        name = sha256(str(home.resolve()).encode()).hexdigest()[:16]
        return cls(home / "log" / "mark", run / f"sild-{name}.mark")

    @property
    def is_continuous(self) -> bool:
        """True when this machine has run on since the last signature: nothing can have been restored unnoticed."""
        return _read(self.fleeting) is not None

    def furthest(self) -> Checkpoint | None:
        """The largest checkpoint that is known to have been signed; None when none is."""
        known = [_parsed(text) for text in map(_read, (self.lasting, self.fleeting)) if text]
        return max(known, key=lambda one: one.size, default=None)

    def text(self) -> str:
        """The signed note of `furthest`; empty when there is none."""
        known = [text for text in map(_read, (self.lasting, self.fleeting)) if text]
        return max(known, key=lambda text: _parsed(text).size, default="")

    @property
    def contradiction(self) -> Checkpoint | None:
        """A checkpoint that was signed with our keys and that our log contradicts; None when none is known."""
        text = _read(self._contradicting)
        return _parsed(text) if text else None

    @property
    def _contradicting(self) -> Path:
        return self.lasting.with_name("contradiction")

    def contradict(self, text: str) -> None:
        """Keep the proof that two histories were signed; errors as in `hold`."""
        _write(self._contradicting, text, lasts=True)

    def hold(self, text: str, *, begin: bool = False) -> None:
        """Remember a signed checkpoint, whole and on disk when this returns; never goes back.

        Args:
            text: the signed note.
            begin: write the fleeting file even if it is missing: from now on this machine is known to have run on.

        Raises:
            OSError: a file cannot be written, for instance because the disk is full.
        """
        size = _parsed(text).size
        for path in (self.lasting, self.fleeting) if begin or self.is_continuous else (self.lasting,):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(path):
                known = _read(path)
                if known is None or _parsed(known).size < size:
                    _write(path, text, lasts=path == self.lasting)


def _parsed(text: str) -> Checkpoint:
    """The checkpoint in a note that this node wrote itself; its signatures are not looked at."""
    return Checkpoint.parse(text.partition("\n\n")[0] + "\n")


def _read(path: Path) -> str | None:
    """The note in a file; None when it is missing, not ours, or no checkpoint: then it says nothing."""
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            text = file.read(note.MAX_NOTE + 1)
        _parsed(text)
    except (OSError, ValueError, SignatureError):
        return None
    return text


def _write(path: Path, text: str, *, lasts: bool) -> None:
    """Put the file in its place when its bytes are on disk, then the folder's entry; memory is not waited for."""
    temporary = path.with_name(f"{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if lasts:
            os.fsync(file.fileno())
    temporary.replace(path)
    if lasts:
        _flush(path.parent)


def _flush(parent: Path) -> None:
    """Put a folder's entries on disk."""
    folder = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time, among processes too."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
