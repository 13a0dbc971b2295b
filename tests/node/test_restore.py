"""A backup is restored whole or not at all: every change to it is noticed before anything is written."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from node.test_cli import failed, sild
from sild.node import restore
from sild.node.backup_format import BackupError
from sild.trust.errors import SealError

pytestmark = pytest.mark.integration
PASSPHRASE = "correct horse"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A small node with a file, and a backup of it under a passphrase."""
    folder = tmp_path_factory.mktemp("backup")
    assert sild(folder / "home", "init", "--node", "tallinn").returncode == 0
    (folder / "a.txt").write_text("attached")
    (folder / "body.json").write_text('{"text": "x"}')
    words = ("record", "publish", "exchange.comment", str(folder / "body.json"), "--subject", "x", "--to", "tallinn")
    done = sild(folder / "home", *words, "--tlp", "RED", "--attach", str(folder / "a.txt"))
    assert done.returncode == 0, done.stderr
    (folder / "home" / "runs").mkdir()
    (folder / "home" / "runs" / "result.json").write_text("{}")
    (folder / "home" / "runs" / "damaged.sqlite").write_bytes(b"no database")
    with closing(sqlite3.connect(folder / "home" / "runs" / "results.sqlite", isolation_level=None)) as written_to:
        written_to.execute("PRAGMA journal_mode=WAL")
        written_to.execute("CREATE TABLE result AS SELECT 1 AS place")
        done = sild(folder / "home", "backup", str(folder / "backup"), SILD_BACKUP_PASSPHRASE=PASSPHRASE)
    assert done.returncode == 0, done.stderr
    return folder


def staged(source, home, passphrase=PASSPHRASE, fingerprint=""):
    with restore.staged(restore.verify(source, fingerprint), home, passphrase.encode()) as folder:
        assert folder.exists()
    assert not folder.exists()


def test_no_key_stands_in_a_backup_in_the_open(home):
    secrets = [path.read_bytes()[:200] for path in (home / "home" / "keys").glob("*.key")]
    secrets.append((home / "home" / "secret.key").read_bytes().strip())
    assert len(secrets) == 3
    for path in (home / "backup").rglob("*"):
        assert path.is_dir() or not any(secret in path.read_bytes() for secret in secrets)
    assert (home / "backup").stat().st_mode & 0o077 == 0


def test_what_is_restored_is_what_was_there(home, tmp_path):
    (tmp_path / "new").mkdir()
    done = sild(tmp_path / "new", "restore", str(home / "backup"), SILD_BACKUP_PASSPHRASE=PASSPHRASE)
    assert done.returncode == 0, done.stderr
    for name in ("node.toml", "secret.key", "keys/node.key", "keys/root.key", "keys/identity.json", "runs/result.json"):
        assert (tmp_path / "new" / name).read_bytes() == (home / "home" / name).read_bytes()
    assert (tmp_path / "new" / "keys" / "node.key").stat().st_mode & 0o077 == 0
    assert {path.name for path in (tmp_path / "new" / "runs").iterdir()} == {
        "damaged.sqlite",
        "result.json",
        "results.sqlite",
    }
    with closing(sqlite3.connect(tmp_path / "new" / "runs" / "results.sqlite")) as copied:
        assert copied.execute("SELECT place FROM result").fetchall() == [(1,)]
    assert (tmp_path / "new" / "runs" / "damaged.sqlite").read_bytes() == b"no database"
    [kept] = (tmp_path / "new" / "blobs").glob("??/*")
    assert kept.read_text() == "attached"
    with sqlite3.connect(tmp_path / "new" / "node.sqlite3") as database:
        [(actions,)] = database.execute("select group_concat(action) from people_auditentry")
        assert "node.restore" in actions
    database.close()
    assert json.loads(sild(tmp_path / "new", "status", "--json").stdout)["log_size"] == 1


@pytest.mark.parametrize("what", ["manifest.json", "database.sqlite3", "keys.sealed", "blobs", "extra", "gone"])
def test_a_backup_that_was_changed_is_refused_before_anything_is_written(home, tmp_path, what):
    shutil.copytree(home / "backup", tmp_path / "backup")
    path = next((tmp_path / "backup").glob("blobs/*/*")) if what in {"blobs", "gone"} else tmp_path / "backup" / what
    if what == "gone":
        path.unlink()
    elif what == "extra":
        path.write_bytes(b"x")
    else:
        data = path.read_bytes()
        path.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    with pytest.raises(BackupError):
        staged(tmp_path / "backup", tmp_path / "new")
    assert [one.name for one in tmp_path.iterdir()] == ["backup"]


def test_what_is_no_backup_is_a_sentence(tmp_path):
    with pytest.raises(BackupError, match="no backup"):
        restore.verify(tmp_path)


def test_another_fingerprint_than_the_officials_know_is_refused(home, tmp_path):
    with pytest.raises(BackupError, match="fingerprint"):
        staged(home / "backup", tmp_path / "new", fingerprint="9XG3-AJS5-5R6S-2SXM-BE03-672K")


def test_without_the_right_passphrase_nothing_is_restored(home, tmp_path):
    with pytest.raises(SealError, match="do not open"):
        staged(home / "backup", tmp_path / "new", "battery staple")
    assert list(tmp_path.iterdir()) == []
    assert "SILD_BACKUP_PASSPHRASE" in failed(sild(tmp_path / "new", "restore", str(home / "backup")))
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_not_empty_is_not_touched(home, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "something").write_text("here")
    with pytest.raises(BackupError, match="not empty"):
        staged(home / "backup", tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["something"]


def test_what_fails_halfway_leaves_nothing(home, tmp_path):
    verified = restore.verify(home / "backup")
    with pytest.raises(RuntimeError), restore.staged(verified, tmp_path / "new", PASSPHRASE.encode()):
        raise RuntimeError("the database failed")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_needs_a_lock_and_takes_no_other_folders_place(home):
    assert "SILD_BACKUP_PASSPHRASE" in failed(sild(home / "home", "backup", str(home / "other")))
    assert "exists already" in failed(sild(home / "home", "backup", str(home / "backup"), SILD_BACKUP_PASSPHRASE="x"))
    assert not (home / "other").exists()


def test_a_file_that_was_damaged_before_is_named_and_stops_no_backup(home, tmp_path):
    shutil.copytree(home / "home", tmp_path / "home")
    next((tmp_path / "home" / "blobs").glob("??/*")).write_bytes(b"rotten")
    words = ("backup", str(tmp_path / "backup"), "--json")
    made = json.loads(sild(tmp_path / "home", *words, SILD_BACKUP_PASSPHRASE="x").stdout)
    assert len(made["damaged"]) == 1
    assert restore.verify(tmp_path / "backup").manifest.damaged == made["damaged"]
