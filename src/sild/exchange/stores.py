"""Where the bytes of files are kept by their hash: a folder, or whatever else keeps the same small interface."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from sild.exchange.errors import BlobError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "sha256:"


class Store(Protocol):
    """Keeps files by the hash of their bytes. It is not trusted: who reads from it checks what comes."""

    def add(self, name: str, file: Path) -> None:
        """Take over a file on this machine, durably, in the place of what was kept under that name."""

    def size(self, name: str) -> int | None:
        """Bytes kept under that name; None when there are none."""

    def read(self, name: str, start: int, length: int) -> bytes:
        """Bytes from `start`, `length` of them or as many as there are.

        Raises:
            BlobError: code `no-blob`, or `store` when the store cannot be reached.
        """

    def names(self) -> Iterator[tuple[str, float]]:
        """Each name that is kept, and the seconds since it was last written."""

    def delete(self, name: str) -> None:
        """Remove what is kept under that name, if there is any."""


class FolderStore:
    """Files in a folder: two characters of the hash, then the rest."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, name: str, file: Path) -> None:
        """See `Store`; the file must be on the same file system, and is whole or absent even after a power cut."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb") as written:
            os.fsync(written.fileno())
        file.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def size(self, name: str) -> int | None:
        """See `Store`."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, name: str, start: int, length: int) -> bytes:
        """See `Store`."""
        try:
            with self._path(name).open("rb") as file:
                file.seek(start)
                return file.read(length)
        except OSError as error:
            raise not_here(name) from error

    def names(self) -> Iterator[tuple[str, float]]:
        """See `Store`."""
        for path in self._root.glob("[0-9a-f][0-9a-f]/*"):
            yield PREFIX + path.parent.name + path.name, time.time() - path.stat().st_mtime

    def delete(self, name: str) -> None:
        """See `Store`."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        """Where bytes are kept."""
        digest = name.removeprefix(PREFIX)
        return self._root / digest[:2] / digest[2:]


def make(url: str, home: Path) -> Store:
    """The store that a setting names.

    Args:
        url: empty for the folder `blobs` in the home folder, a folder, or `s3://bucket/prefix?endpoint=…`.
        home: the node's home folder.

    Raises:
        BlobError: the address has another form, or names a store whose library is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        # Only who uses S3 needs its library, which is large.
        from sild.exchange.s3 import S3Store  # noqa: PLC0415

        return S3Store.at(parts)
    if parts.scheme not in {"", "file"} or parts.netloc:
        raise BlobError(
            _("SILD_BLOBS is “%(url)s”. Write a folder, or s3://bucket/prefix?endpoint=https://host.") % {"url": url},
            code="blob-store",
        )
    return FolderStore(Path(unquote(parts.path)) if parts.path else home / "blobs")


def scratch(url: str, home: Path) -> Path:
    """The folder for files that are being written: on the store's own file system when the store is a folder."""
    path = urlsplit(url).path if urlsplit(url).scheme in {"", "file"} else ""
    folder = Path(unquote(path)) / "parts" if path else home / "blobs" / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def not_here(name: str) -> BlobError:
    """Nothing is kept under that name."""
    return BlobError(_("The file %(hash)s is not on this node.") % {"hash": name}, code="no-blob")
