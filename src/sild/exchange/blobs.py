"""Files that belong to records, kept by the hash of their bytes and checked on every read.

The store (`stores`) holds bytes and is not trusted with anything. The database holds, for each file, its size and the
SHA-256 of every piece of 1 MiB, made when the file was kept: so any part of a file is checked before it is handed out,
without reading the rest, in constant memory.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from sild.exchange import stores
from sild.exchange.errors import BlobError
from sild.exchange.models import Blob
from sild.exchange.stores import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_BLOB = 64 * 1024**3
PIECE = 1024 * 1024
DIGEST = 32
# What a transfer leaves free on the disk, so that the database can go on: so much, or a tenth of a small disk.
RESERVE = 256 * 1024 * 1024
SUFFIX = ".new"
YOUNG_SECONDS = 60.0

# Sent with `record` and `hash` once a partner's attachment has been fetched and checked.
attachment_arrived = Signal()
# Each tells which hashes its module still needs; a module that keeps files registers one (see `sweeping`).
holders: list[Callable[[], Iterable[str]]] = []


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is kept: its hash, and its size in bytes."""

    hash: str
    size: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A file to attach to a record.

    Attributes:
        name: a file name to show.
        media_type: as in `application/zip`.
        data: its bytes; for a large file what `keep` returned.
    """

    name: str
    media_type: str
    data: bytes | Kept

    def keep(self) -> Kept:
        """Keep it, unless that was done before."""
        return self.data if isinstance(self.data, Kept) else keep([self.data])


def hash_of(data: bytes) -> str:
    """`sha256:` and the SHA-256 of the bytes in hex."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def put(data: bytes) -> str:
    """Keep bytes, durably, and return their hash; keeping the same bytes again changes nothing.

    Raises:
        BlobError: they are too many, or the store fails.
    """
    return keep([data]).hash


def keep(pieces: Iterable[bytes], expected: Kept | None = None) -> Kept:
    """Keep a file of any size, durably, in constant memory.

    Args:
        pieces: its bytes, as `trust.documents.pieces` makes them of an open file.
        expected: what it has to be; None to take it as it is.

    Raises:
        BlobError: it is too large (`oversized`), another file (`other`), the disk is full (`no-space`), or the store
            fails.
    """
    with writing() as (file, path):
        try:
            for piece in pieces:
                file.write(piece)
                if file.tell() > MAX_BLOB:
                    raise BlobError(
                        _("A file has more than %(most)d bytes, the most that is allowed.") % {"most": MAX_BLOB},
                        code="oversized",
                    )
            file.flush()
        except OSError as error:
            raise BlobError(
                _("A file cannot be written: %(why)s.") % {"why": error.strerror}, code="no-space"
            ) from error
        return adopt(path, expected)


def adopt(path: Path, expected: Kept | None = None) -> Kept:
    """Keep a file that lies in the folder of `scratch` and is taken away from there.

    Args:
        path: the file.
        expected: what it has to be; None to take it as it is.

    Raises:
        BlobError: it is another file (`other`), or the store fails; it stays where it is.
    """
    whole, pieces, size = hashlib.sha256(), bytearray(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            whole.update(piece)
            pieces += hashlib.sha256(piece).digest()
            size += len(piece)
    kept = Kept(PREFIX + whole.hexdigest(), size)
    if expected not in {None, kept}:
        raise BlobError(_("The bytes that came are not those of the file that was named."), code="other")
    # The row comes first: what sweeps away files holds its rows while it does, and passes over young ones.
    values = {"size": size, "pieces": bytes(pieces), "kept": timezone.now()}
    Blob.objects.update_or_create(hash=kept.hash, defaults=values)
    store().add(kept.hash, path)
    return kept


def has(name: str) -> bool:
    """Tell whether the bytes of that hash are here."""
    row = Blob.objects.filter(hash=name).only("size").first()
    return row is not None and store().size(name) == row.size


def size_of(name: str) -> int:
    """The size of a file in bytes.

    Raises:
        BlobError: it is not here.
    """
    return _row(name).size


def read(name: str) -> bytes:
    """The bytes of that hash, all at once; for files that are known to be small.

    Raises:
        BlobError: they are not here, or not what was kept.
    """
    return b"".join(stream(name))


def stream(name: str) -> Iterator[bytes]:
    """The bytes of that hash in pieces of 1 MiB, each checked before it is handed out; errors as in `read`."""
    row = _row(name)
    for number in range(len(row.pieces) // DIGEST):
        yield _piece(row, number)


def read_range(name: str, start: int, length: int) -> bytes:
    """Bytes from `start`, `length` of them or as many as there are; whole pieces are checked. Errors as in `read`."""
    row = _row(name)
    end = min(start + length, row.size)
    if start >= end:
        return b""
    first = start // PIECE
    data = b"".join(_piece(row, number) for number in range(first, (end - 1) // PIECE + 1))
    return data[start - first * PIECE : end - first * PIECE]


def store() -> stores.Store:
    """The store of this node."""
    return _store(settings.CONFIG.blobs, settings.CONFIG.home)


def scratch() -> Path:
    """The folder for files that are being written."""
    return stores.scratch(settings.CONFIG.blobs, settings.CONFIG.home)


def require_space(size: int) -> None:
    """Pass if a file of that many bytes may be written here.

    Raises:
        BlobError: it would fill the disk.
    """
    disk = shutil.disk_usage(scratch())
    free = disk.free
    if size + min(RESERVE, disk.total // 10) > free:
        raise BlobError(
            _("A file needs %(size)d bytes, but the disk has %(free)d left. Make room; it is tried again.")
            % {"size": size, "free": free},
            code="no-space",
        )


def clear_scratch() -> int:
    """Remove what killed processes left half-written; returns how many files. Files still being written are locked."""
    removed = 0
    for path in scratch().glob(f"*{SUFFIX}"):
        with path.open("rb") as file:
            # A file that was made this moment may not be locked yet.
            if time.time() - os.fstat(file.fileno()).st_mtime > YOUNG_SECONDS and lock(file):
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def lock(file: BinaryIO) -> bool:
    """Take a file for as long as it stays open; False when another process has it. Who is killed lets go of it."""
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def writing() -> Iterator[tuple[BinaryIO, Path]]:
    """A locked file in the scratch folder; what is not taken from there goes."""
    descriptor, name = tempfile.mkstemp(SUFFIX, dir=scratch())
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            lock(file)
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def _row(name: str) -> Blob:
    """What is known of a file."""
    row = Blob.objects.filter(hash=name).first()
    if row is None:
        raise stores.not_here(name)
    return row


def _piece(row: Blob, number: int) -> bytes:
    """A piece of a file as it was kept."""
    data = store().read(row.hash, number * PIECE, PIECE)
    if hashlib.sha256(data).digest() != bytes(row.pieces[number * DIGEST : (number + 1) * DIGEST]):
        raise BlobError(
            _("The file %(hash)s was damaged where it is kept. Restore it from a backup.") % {"hash": row.hash},
            code="damaged",
        )
    return data


@lru_cache(maxsize=8)
def _store(url: str, home: Path) -> stores.Store:
    """One store for each setting."""
    return stores.make(url, home)
