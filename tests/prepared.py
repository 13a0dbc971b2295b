"""A new node's database, made once: where it stands, `sild init` and `migrate` have nothing left to do."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "tests"


def prepare(home):
    """Put an empty database with all tables into a node's folder; a node on PostgreSQL does not look at it."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(database(), home / "node.sqlite3")


@cache
def database():
    """The file that is copied; all processes of all runs of these sources share it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = FOLDER / f"{_digest()}.sqlite3"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make(made)
    return made


def _digest():
    """What the tables depend on: our migrations, and the versions of what brings others."""
    sources = [*sorted((ROOT / "src").glob("sild/*/migrations/*.py")), ROOT / "requirements" / "dev.txt"]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def _make(made):
    """Migrate in a process of its own, into a folder that is renamed last."""
    home = made.with_suffix(".new")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    settings = {"SILD_HOME": str(home), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "sild.node.settings"}
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(command, env={**os.environ, **settings}, check=True)
    with closing(sqlite3.connect(home / "node.sqlite3")) as database:
        # All of it in the one file, in a form that memory can hold, too.
        database.execute("PRAGMA journal_mode=DELETE")
    (home / "node.sqlite3").rename(made)
    shutil.rmtree(home)
