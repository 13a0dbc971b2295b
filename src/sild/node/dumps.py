"""Copying the database at one moment while it is used, and putting a copy back: SQLite or PostgreSQL."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from sild.exchange.log_models import Checkpoint
from sild.exchange.models import Blob
from sild.language import gettext as _
from sild.node.backup_format import POSTGRESQL, SQLITE, BackupError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy of the database, and what is in it.

    Attributes:
        kind: `sqlite` or `postgresql`.
        name: of the file.
        log_size: leaves of the log.
        checkpoint: the newest; empty when there is none.
        blobs: hashes of the files that are kept.
    """

    kind: str
    name: str
    log_size: int
    checkpoint: str
    blobs: list[str]


def dump(folder: Path) -> Copied:
    """Copy the database into a folder, as it is at one moment; writers wait no longer than usual.

    Raises:
        BackupError: PostgreSQL's programs are missing or fail.
    """
    return _dump_sqlite(folder / SQLITE) if connection.vendor == "sqlite" else _dump_postgresql(folder / POSTGRESQL)


def restore_postgresql(file: Path) -> None:
    """Put a copy into the empty database that the settings name: all of it or nothing.

    Raises:
        BackupError: there are tables in it, or PostgreSQL's programs are missing or fail.
    """
    name = connection.settings_dict["NAME"]
    if connection.introspection.table_names():
        told = _("The database %(name)s is not empty. Name an empty one in DATABASE_URL.")
        raise BackupError(told % {"name": name})
    options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    _run("pg_restore", *options, f"--dbname={name}", str(file))


def _dump_sqlite(file: Path) -> Copied:
    """SQLite's online backup in one step: a reader's snapshot, which in WAL holds up no writer."""
    copy_sqlite(connection.settings_dict["NAME"], file)
    target = sqlite3.connect(file)
    try:
        blobs = [name for (name,) in target.execute("select hash from exchange_blob order by hash")]
        newest = target.execute("select size, text from exchange_checkpoint order by size desc limit 1").fetchone()
    finally:
        target.close()
    size, text = newest or (0, "")
    return Copied("sqlite", file.name, size, text, blobs)


def copy_sqlite(path: Path, file: Path) -> None:
    """Copy an SQLite database at one moment, also while somebody writes to it.

    Raises:
        sqlite3.Error: it is damaged, or no such database.
    """
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(file)
    try:
        source.backup(target)
        target.execute("pragma journal_mode=delete")
    finally:
        target.close()
        source.close()


@transaction.atomic
def _dump_postgresql(file: Path) -> Copied:
    """`pg_dump` in the snapshot of this transaction, so that what we read of it is what it wrote."""
    with connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("select pg_export_snapshot()")
        [snapshot] = cursor.fetchone()
    options = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}")
    _run("pg_dump", *options, f"--dbname={connection.settings_dict['NAME']}")
    blobs = list(Blob.objects.order_by("hash").values_list("hash", flat=True))
    newest = Checkpoint.objects.first()
    return Copied("postgresql", file.name, newest.size if newest else 0, newest.text if newest else "", blobs)


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, where others cannot read it."""
    path = shutil.which(program)
    if path is None:
        told = _("%(program)s is not installed. Get it: apt-get install postgresql-client")
        raise BackupError(told % {"program": program})
    facts: dict[str, Any] = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    environment = {**os.environ, **{variable: facts[name] for variable, name in names.items() if facts[name]}}
    done = subprocess.run([path, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        why = " ".join(done.stderr.split())
        raise BackupError(_("%(program)s failed: %(why)s") % {"program": program, "why": why})
