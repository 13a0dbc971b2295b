"""Restoring a backup into an empty home folder: everything is verified first, and put in place in one step."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import orjson

from sild.language import gettext as _
from sild.language import spoken
from sild.node.backup_format import FORMAT, KEYS, MANIFEST, SIGNATURE, SQLITE, BackupError, Manifest
from sild.trust import documents, escrow
from sild.trust.encoding import canonical
from sild.trust.evidence import Known
from sild.trust.identity import Identity
from sild.trust.keyset import TIME
from sild.trust.verdicts import sentence_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Written into the home folder: when, and how much of the log there was. Who signs has to look at it (docs/backup.md).
MARKER = "restored"


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup of which every byte was checked.

    Attributes:
        source: its folder.
        manifest: what it holds.
        fingerprint: of the node that signed it.
        sentence: the verdict on the signature.
    """

    source: Path
    manifest: Manifest
    fingerprint: str
    sentence: str


def verify(source: Path, fingerprint: str = "") -> Verified:
    """Check the signature, that all files are there and no other, and the hash of each.

    Args:
        source: the backup's folder.
        fingerprint: of the node; empty to take the one in the signature.

    Raises:
        BackupError: something is missing, too many, or changed.
    """
    try:
        content, signature = (source / MANIFEST).read_bytes(), (source / SIGNATURE).read_bytes()
    except OSError as error:
        told = _("%(folder)s is no backup: %(file)s cannot be read (%(why)s).")
        raise BackupError(told % {"folder": source, "file": error.filename, "why": error.strerror}) from error
    verdict = documents.verify([content], signature, Known(fingerprint=fingerprint or None))
    sentence = sentence_of(verdict, spoken())
    if not verdict.ok:
        told = _("The backup's manifest is not signed as it should be. %(why)s")
        raise BackupError(told % {"why": sentence})
    manifest = _manifest(content)
    if verdict.statement is None or verdict.statement.signer != manifest.node:
        raise BackupError(_("The backup is of %(node)s, but somebody else signed it.") % {"node": manifest.node})
    found = {path.relative_to(source).as_posix() for path in source.rglob("*") if not path.is_dir()}
    others = found ^ {*manifest.files, MANIFEST, SIGNATURE}
    if others:
        named = ", ".join(sorted(others)[:5])
        raise BackupError(_("The backup lacks, or has too many: %(files)s.") % {"files": named})
    for name, facts in manifest.files.items():
        if _hash(source / name) != facts:
            told = _("%(file)s was damaged or changed since the backup was made.")
            raise BackupError(told % {"file": source / name})
    return Verified(source, manifest, verdict.fingerprint, sentence)


@contextmanager
def staged(verified: Verified, home: Path, opener: escrow.Opener) -> Iterator[Path]:
    """Write keys, settings and database to a folder beside the empty home, which takes its place at the end.

    Raises:
        BackupError: the home is not empty, or the keys are another node's.
        SealError: the keys do not open.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        told = _("%(home)s is not empty. Nothing was touched; choose another SILD_HOME, or empty it.")
        raise BackupError(told % {"home": home})
    secret = escrow.unseal((verified.source / KEYS).read_bytes(), opener)
    if Identity.parse(secret["keys/identity.json"], on=None).fingerprint != verified.fingerprint:
        raise BackupError(_("The keys in the backup are not those that signed it."))
    folder = home.with_name(f"{home.name}.restoring")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        _write(verified, secret, folder)
        yield folder
        os.sync()
        if home.exists():
            home.rmdir()
        folder.replace(home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(verified: Verified, secret: dict[str, bytes], folder: Path) -> None:
    """Write what needs neither the database nor the store."""
    manifest, source = verified.manifest, verified.source
    for name, data in secret.items():
        path = _inside(folder, name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(data)
    for name in manifest.files:
        if name.startswith("home/"):
            path = _inside(folder, name.removeprefix("home/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, path)
    if manifest.database == "sqlite":
        shutil.copyfile(source / SQLITE, folder / "node.sqlite3")
    (folder / MARKER).write_bytes(_marker(manifest))


def _marker(manifest: Manifest) -> bytes:
    """What whoever signs next has to know."""
    now = datetime.now(UTC).strftime(TIME)
    said = {"restored": now, "made": manifest.made, "log_size": manifest.log_size, "checkpoint": manifest.checkpoint}
    return canonical(said)


def _manifest(content: bytes) -> Manifest:
    """Read a manifest whose signature was verified."""
    plain: dict[str, Any] = orjson.loads(content)
    if plain.get("format") != FORMAT:
        told = _("The backup's format is %(has)s, not %(wanted)s: another version made it.")
        raise BackupError(told % {"has": plain.get("format"), "wanted": FORMAT})
    for name in plain["files"]:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BackupError(_("The backup names a file outside itself: %(file)s.") % {"file": name})
    return Manifest(**plain)


def _inside(folder: Path, name: str) -> Path:
    """A place in a folder that does not lead out of it."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BackupError(_("The backup names a file outside the home folder: %(file)s.") % {"file": name})
    return path


def _hash(path: Path) -> dict[str, str | int]:
    """A file's line of the manifest."""
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "size": file.tell()}
