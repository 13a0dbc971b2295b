"""Files that belong to records, kept by the hash of their bytes and checked on every read."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.dispatch import Signal
from django.utils.translation import gettext as _

from sild.exchange.errors import BlobError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BLOB = 64 * 1024 * 1024
PREFIX = "sha256:"

# Sent with `record` and `hash` once a partner's attachment has been fetched and checked.
attachment_arrived = Signal()


@dataclass(frozen=True, slots=True)
class Draft:
    """A file to attach to a record.

    Attributes:
        name: a file name to show.
        media_type: as in `application/zip`.
        data: its bytes, 64 MiB at most.
    """

    name: str
    media_type: str
    data: bytes


def hash_of(data: bytes) -> str:
    """`sha256:` and the SHA-256 of the bytes in hex."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def put(data: bytes) -> str:
    """Keep bytes, durably, and return their hash; keeping the same bytes again changes nothing.

    Raises:
        BlobError: they are too many.
    """
    if len(data) > MAX_BLOB:
        raise BlobError(
            _("A file has %(size)d bytes; %(most)d are allowed.") % {"size": len(data), "most": MAX_BLOB},
            code="oversized",
        )
    name = hash_of(data)
    path = _path(name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data)
    return name


def has(name: str) -> bool:
    """Tell whether the bytes of that hash are here."""
    return _path(name).exists()


def read(name: str) -> bytes:
    """The bytes of that hash.

    Raises:
        BlobError: they are not here, or not what was kept.
    """
    try:
        data = _path(name).read_bytes()
    except OSError as error:
        raise BlobError(_("The file %(hash)s is not on this node.") % {"hash": name}, code="no-blob") from error
    if hash_of(data) != name:
        raise BlobError(
            _("The file %(hash)s was damaged on this node's disk. Restore it from a backup.") % {"hash": name},
            code="damaged",
        )
    return data


def _path(name: str) -> Path:
    """Where bytes are kept: two characters of the hash, then the rest."""
    digest = name.removeprefix(PREFIX)
    home: Path = settings.CONFIG.home
    return home / "blobs" / digest[:2] / digest[2:]


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or absent, even after a power cut."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
