"""A backup of a running node: a folder with the database, the files that it names, and the keys sealed apart.

The database is copied first, at one moment; the files that this copy names never change, so they may follow while the
node goes on. A manifest with the hash of everything is signed by the node.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings

from sild.exchange import blobs, own
from sild.exchange.errors import BlobError
from sild.language import gettext as _
from sild.node import dumps
from sild.node.backup_format import KEYS, MANIFEST, SIGNATURE, BackupError, Manifest
from sild.node.config import CONFIG_FILE, SECRET_FILE
from sild.people import audit
from sild.people.enums import Right
from sild.trust import documents, escrow
from sild.trust.encoding import canonical
from sild.trust.keyset import TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sild.people.actor import Actor

# What is in the home folder and goes into the sealed keys, is copied in another way, or belongs to this machine.
SECRET = frozenset({"keys", CONFIG_FILE, SECRET_FILE})
ELSEWHERE = frozenset(
    {"blobs", "node.sqlite3", "node.sqlite3-wal", "node.sqlite3-shm", "up.lock", "up.log", "restored"}
)
_DATABASE, _LOGS, _SNAPSHOT = ".sqlite", (".sqlite-wal", ".sqlite-shm"), "snapshot.new"


def make(actor: Actor, target: Path, lock: escrow.Lock) -> Manifest:
    """Back the node up into a new folder, which is whole or absent.

    Args:
        actor: an administrator.
        target: the folder; it must not exist.
        lock: a passphrase, or the public half of a recovery key, for the node's keys.

    Raises:
        NotAllowedError: the actor does not administer.
        BackupError: the target exists or cannot be written, or the database cannot be copied.
    """
    actor.require(Right.ADMINISTER)
    if target.exists():
        raise BackupError(_("%(folder)s exists already. Give the name of a new folder.") % {"folder": target})
    folder = target.with_name(f"{target.name}.new")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, mode=0o700)
        manifest = _write(folder, lock)
        os.sync()
        folder.replace(target)
    except OSError as error:
        told = _("The backup cannot be written to %(folder)s: %(why)s.")
        raise BackupError(told % {"folder": target, "why": error.strerror}) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    facts = {"files": len(manifest.files), "bytes": manifest.size, "log_size": manifest.log_size}
    audit.note(actor, "node.backup", target.name, **facts, damaged=len(manifest.damaged))
    return manifest


def _write(folder: Path, lock: escrow.Lock) -> Manifest:
    """Write everything, the manifest and its signature last."""
    keys = own.node_keys()
    now = datetime.now(UTC)
    copied = dumps.dump(folder)
    manifest = Manifest(keys.node, now.strftime(TIME), copied.kind, copied.log_size, copied.checkpoint)
    with (folder / copied.name).open("rb") as file:
        manifest.files[copied.name] = _facts(documents.pieces(file))
    _write_keys(folder, manifest, lock)
    for name, path in _other_files(settings.CONFIG.home):
        with _still(path, folder).open("rb") as file:
            _copy(folder, name, documents.pieces(file), manifest)
    (folder / _SNAPSHOT).unlink(missing_ok=True)
    for name in copied.blobs:
        _copy_blob(folder, name, manifest)
    content = canonical(asdict(manifest))
    statement = documents.state(keys, [content], name=MANIFEST, now=now)
    (folder / SIGNATURE).write_bytes(documents.sign(keys, statement))
    (folder / MANIFEST).write_bytes(content)
    return manifest


def _write_keys(folder: Path, manifest: Manifest, lock: escrow.Lock) -> None:
    """Seal what must not be read by who finds the backup."""
    home: Path = settings.CONFIG.home
    paths = [path for name in SECRET for path in [home / name, *(home / name).glob("*")] if path.is_file()]
    files = {path.relative_to(home).as_posix(): path.read_bytes() for path in paths}
    _copy(folder, KEYS, [escrow.seal(files, lock)], manifest)


def _other_files(home: Path) -> Iterator[tuple[str, Path]]:
    """What else modules keep in the home folder, such as results of runs."""
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home)
        if name.parts[0] in SECRET | ELSEWHERE or path.name.endswith(_LOGS):
            continue
        if path.is_file() and not path.is_symlink():
            yield f"home/{name.as_posix()}", path


def _still(path: Path, folder: Path) -> Path:
    """A file that does not change while it is copied: of a database that somebody may write to, a snapshot."""
    if path.suffix != _DATABASE:
        return path
    snapshot = folder / _SNAPSHOT
    snapshot.unlink(missing_ok=True)
    try:
        dumps.copy_sqlite(path, snapshot)
    except sqlite3.Error:  # damaged: it is copied as it is, for whoever is to repair it
        return path
    return snapshot


def _copy_blob(folder: Path, name: str, manifest: Manifest) -> None:
    """Copy a file out of the store; one that is lost there stops no backup, but is named."""
    digest = name.removeprefix("sha256:")
    place = f"blobs/{digest[:2]}/{digest[2:]}"
    try:
        _copy(folder, place, blobs.stream(name), manifest)
    except BlobError as error:
        if error.code not in {"damaged", "no-blob"}:
            raise
        (folder / place).unlink(missing_ok=True)
        manifest.damaged.append(name)


def _copy(folder: Path, name: str, pieces: Iterable[bytes], manifest: Manifest) -> None:
    """Write a file and its line of the manifest."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        manifest.files[name] = _facts(_written(pieces, target.write))


def _written(pieces: Iterable[bytes], write: Callable[[bytes], object]) -> Iterator[bytes]:
    """Pass pieces on while they are written."""
    for piece in pieces:
        write(piece)
        yield piece


def _facts(pieces: Iterable[bytes]) -> dict[str, str | int]:
    """A file's line of the manifest."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return {"sha256": digest.hexdigest(), "size": size}
