"""The log as static files (C2SP tlog-tiles) in SILD_HOME/log: any web server may serve the folder as it is.

They are made from the database after it is durable, full tiles once and for all, the checkpoint last; so what a
checkpoint needs is always there. A record is a leaf as it is, so a bundle of entries holds records: one is written only
when everybody may read every record in it.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from django.conf import settings

from sild.exchange import log
from sild.exchange.enums import Tlp
from sild.exchange.errors import NotFoundError
from sild.exchange.gate import PUBLIC
from sild.exchange.models import Record
from sild.trust import note
from sild.trust.checkpoint import Checkpoint
from sild.trust.tiles import MAX_ENTRY, TilePath, entry_bundle, tiles_between
from sild.trust.tree import HASH_BYTES, TILE_WIDTH

if TYPE_CHECKING:
    from pathlib import Path

CHECKPOINT = "checkpoint"


def folder() -> Path:
    """Where the files are."""
    home: Path = settings.CONFIG.home
    return home / "log"


def bring_up() -> int:
    """Write what the newest checkpoint needs and is not there, then the checkpoint; returns its size.

    Raises:
        OSError: a file cannot be written; what is there stays whole.
    """
    checkpoint = log.latest()
    if checkpoint is None:
        return 0
    text = log.cosigned_text(checkpoint)
    known = _known()
    if known == text:
        return checkpoint.size
    size = Checkpoint.parse(note.split(known)[0]).size if known else 0
    touched = set()
    for path in tiles_between(min(size, checkpoint.size), checkpoint.size):
        data = _made(path)
        if data is not None:
            touched |= {_write(path, data)}
    for parent in touched:
        _flush(parent)
    _write_whole(folder() / CHECKPOINT, text.encode())
    _flush(folder())
    return checkpoint.size


def read(path: str) -> bytes:
    """The checkpoint, a tile or a bundle; a partial one that was never written is cut from the database.

    Raises:
        NotFoundError: the log has no such tile, or the bundle holds what not everybody may read.
    """
    checkpoint = log.latest()
    if checkpoint is not None and path == CHECKPOINT:
        return log.cosigned_text(checkpoint).encode()
    tile = TilePath.parse(path)
    if checkpoint is not None and tile is not None and tile.is_in(checkpoint.size):
        file = folder() / path
        data = file.read_bytes() if file.is_file() else _made(tile)
        if data is not None:
            return data
    raise NotFoundError(f"This log has no file {path} that everybody may read.")


def _known() -> str:
    """The checkpoint file; empty when there is none."""
    try:
        return (folder() / CHECKPOINT).read_text()
    except OSError:
        return ""


def _made(path: TilePath) -> bytes | None:
    """A tile or bundle from the database; None for a bundle that not everybody may read."""
    if path.level is None:
        return _bundle(path)
    return log.DatabaseTiles().read(path.level, path.index)[: path.width * HASH_BYTES]


def _bundle(path: TilePath) -> bytes | None:
    """The records of a bundle, if all of them are public and fit."""
    first = path.index * TILE_WIDTH
    own = Record.objects.filter(received=None, leaf_index__gte=first, leaf_index__lt=first + path.width)
    rows = own.order_by("leaf_index").values_list("tlp", "audience", "raw")
    readable = [bytes(raw) for tlp, audience, raw in rows if tlp == Tlp.CLEAR and audience == PUBLIC]
    if len(readable) < path.width or any(len(raw) > MAX_ENTRY for raw in readable):
        return None
    return entry_bundle(readable)


def _write(path: TilePath, data: bytes) -> Path:
    """Write a tile that is not there yet; a full one takes the place of its partial ones. Returns its folder."""
    file = folder() / str(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        _write_whole(file, data)
    if path.width == TILE_WIDTH:
        shutil.rmtree(file.with_name(f"{file.name}.p"), ignore_errors=True)
    return file.parent


def _write_whole(file: Path, data: bytes) -> None:
    """Write a file that others may read so that it is whole or absent."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}.new")
    with temporary.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(file)


def _flush(parent: Path) -> None:
    """Put a folder's entries on disk."""
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
