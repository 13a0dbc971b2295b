"""The file with a run's results: one SQLite database, whole after any crash, and small.

It is written in batches with a write-ahead log: what was handed over survives our own death, and a power cut loses at
most what was not yet synced (SQLite, “Write-Ahead Logging”, synchronous=NORMAL). The result itself stands as the line
that evidence is made of; the columns beside it are those by which pages filter and sort.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sild.sandbox.engine.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "results.sqlite"
_APPLICATION, _VERSION = 0x53494C44, 1  # "SILD", which makes it known as ours
_REPEATS = 128  # more than a suite may ask for, so that position and repeat are one number
_SCHEMA = f"""
BEGIN;
CREATE TABLE run (identity TEXT NOT NULL);
CREATE TABLE result (
  place INTEGER PRIMARY KEY,      -- position * {_REPEATS} + repeat
  score REAL NOT NULL,
  ms REAL NOT NULL,
  failed INTEGER NOT NULL,        -- no output
  alone INTEGER NOT NULL,         -- no other question was in flight
  filled INTEGER NOT NULL,        -- put in at the end for want of an answer
  refused INTEGER NOT NULL,       -- a text that refuses
  slices INTEGER NOT NULL,        -- a number of the table slice
  line TEXT NOT NULL
);
CREATE TABLE slice (number INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (number, name)) WITHOUT ROWID;
CREATE TABLE grade (place INTEGER PRIMARY KEY, grade TEXT NOT NULL);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
COMMIT;
"""
INDEX = "CREATE INDEX IF NOT EXISTS browse ON result (slices, score, ms, failed, refused)"


def place_of(position: int, repeat: int) -> int:
    """Position and repeat as one number, whose order is that of the evidence."""
    return position * _REPEATS + repeat


def question_of(place: int) -> tuple[int, int]:
    """Position and repeat."""
    return divmod(place, _REPEATS)


@contextmanager
def spoken(path: Path) -> Iterator[None]:
    """Errors of SQLite as sentences.

    Raises:
        SandboxError: the file is damaged, or there is no room for it.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise SandboxError(f"The results in {path} cannot be read or written: {error}.") from error


def write(path: Path) -> sqlite3.Connection:
    """Open the file of a run that is going on, or make it.

    Raises:
        SandboxError: it is damaged, or not such a file.
    """
    with spoken(path):
        path.touch(mode=0o600)  # what solutions said is for the node alone; SQLite's log takes the same rights
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            _prepare(connection, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL")
            if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                connection.executescript(_SCHEMA)
            _require(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def read(path: Path) -> sqlite3.Connection:
    """Open the file of a run that is over, for reading alone.

    Raises:
        SandboxError: it is damaged, or not such a file.
    """
    with spoken(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        try:
            _prepare(connection, "PRAGMA query_only=ON")
            _require(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, *settings: str) -> None:
    """Trust nothing that the file says of itself; lines come as bytes."""
    connection.text_factory = bytes
    for setting in ("PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", *settings):
        connection.execute(setting)


def _require(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is something else."""
    told = tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if told != (_APPLICATION, _VERSION):
        raise SandboxError(f"{path} holds no results of this version of Sild. Give this run a folder of its own.")
