"""A backup of a running node, restored into an empty home: it goes on exchanging with a real partner without a fork."""

import json
import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from node.test_cli import failed, sild
from node.test_two_nodes import pair, publish, received, until

pytestmark = pytest.mark.e2e
assert pair  # a fixture


def with_file(node, folder, text, data, *, to, tlp="GREEN"):
    """Publish a record with a file; returns its id."""
    (folder / "file.bin").write_bytes(data)
    words = ("record", "publish", "exchange.comment", "-", "--subject", text, "--to", to, "--tlp", tlp)
    attach = ("--attach", str(folder / "file.bin"), "--json")
    return json.loads(node.run(*words, *attach, text=json.dumps({"text": text})))["id"]


def file_of(node, record, folder):
    [row] = json.loads(node.run("record", "files", record, "--out", str(folder), "--wait", "60", "--json"))
    return Path(row["file"]).read_bytes()


def lose(node):
    """The machine is gone."""
    node.stop()
    shutil.rmtree(node.home)


def test_a_restored_node_goes_on_where_the_backup_was_made_and_its_partner_sees_no_fork(pair, tmp_path):
    tallinn, kyiv = pair
    data = os.urandom(3_000_000)
    first = with_file(tallinn, tmp_path, "before", data, to="kyiv", tlp="AMBER")
    assert file_of(kyiv, first, tmp_path / "kyiv") == data
    theirs = with_file(kyiv, tmp_path, "theirs", data[::-1], to="tallinn")
    assert file_of(tallinn, theirs, tmp_path / "tallinn") == data[::-1]
    tallinn.run("trust", "recovery-key", str(tmp_path / "recovery"))
    stop = threading.Event()

    def write_on():
        while not stop.is_set():
            publish(tallinn, "while the backup is made", to="tallinn", tlp="RED")

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        words = ("backup", str(tmp_path / "backup"), "--to", str(tmp_path / "recovery.pub"), "--json")
        json.loads(tallinn.run(*words))
    finally:
        stop.set()
        writer.join()
    tallinn.stop()
    # What no partner saw may be lost; the last backup before the loss is whole.
    tallinn.start()
    made = json.loads(tallinn.run("backup", str(tmp_path / "last"), "--to", str(tmp_path / "recovery.pub"), "--json"))
    until("kyiv to be level", lambda: kyiv.json("partner", "list")[0]["their_log"] == made["log_size"])
    before = received(tallinn)
    lose(tallinn)
    told = tallinn.run("restore", str(tmp_path / "last"), "--key", str(tmp_path / "recovery"))
    assert tallinn.fingerprint in told
    marker = json.loads((tallinn.home / "restored").read_bytes())
    assert (marker["log_size"], marker["made"]) == (made["log_size"], made["made"])
    assert received(tallinn) == before
    assert file_of(tallinn, first, tmp_path / "again") == data
    tallinn.start()
    after = publish(tallinn, "after the restore")
    until("the next record", lambda: after["id"] in {row["id"] for row in received(kyiv)})
    back = publish(kyiv, "an answer", to="tallinn", tlp="AMBER")
    until("the answer", lambda: back["id"] in {row["id"] for row in received(tallinn)})
    for node in (tallinn, kyiv):
        [row] = node.json("partner", "list")
        assert row["state"] == "pinned"
    # A backup that was made while records were being published is whole too.
    checked = json.loads(tallinn.run("restore", str(tmp_path / "backup"), "--check", "--json"))
    assert checked["log_size"] <= made["log_size"]


def test_an_older_backup_is_seen_by_the_partner_and_nothing_of_a_fork_gets_in(pair, tmp_path):
    """The marker says how old the log is that came back; the partner asks for more than that and freezes us."""
    tallinn, kyiv = pair
    tallinn.run("trust", "recovery-key", str(tmp_path / "recovery"))
    made = json.loads(tallinn.run("backup", str(tmp_path / "old"), "--to", str(tmp_path / "recovery.pub"), "--json"))
    later = publish(tallinn, "after the backup")
    until("the later record", lambda: later["id"] in {row["id"] for row in received(kyiv)})
    lose(tallinn)
    tallinn.run("restore", str(tmp_path / "old"), "--key", str(tmp_path / "recovery"))
    marker = json.loads((tallinn.home / "restored").read_bytes())
    assert marker["log_size"] == made["log_size"] == later["leaf"]
    assert marker["checkpoint"].splitlines()[1] == str(made["log_size"])
    tallinn.start()
    until("kyiv to freeze tallinn", lambda: kyiv.json("partner", "list")[0]["state"] == "frozen")
    assert "lost data" in kyiv.json("partner", "list")[0]["error"]
    assert later["id"] in {row["id"] for row in received(kyiv)}


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
    done = sild(folder / "home", "backup", str(folder / "backup"), SILD_BACKUP_PASSPHRASE="correct horse")
    assert done.returncode == 0, done.stderr
    return folder


def restore(home, source, into, *words, passphrase="correct horse"):
    return sild(into, "restore", str(source), *words, SILD_BACKUP_PASSPHRASE=passphrase)


def test_no_key_stands_in_a_backup_in_the_open(home):
    secrets = [path.read_bytes()[:200] for path in (home / "home" / "keys").glob("*.key")]
    secrets.append((home / "home" / "secret.key").read_bytes().strip())
    assert len(secrets) == 3
    for path in (home / "backup").rglob("*"):
        assert path.is_dir() or not any(secret in path.read_bytes() for secret in secrets)
    assert (home / "backup").stat().st_mode & 0o077 == 0


def test_what_is_restored_is_what_was_there(home, tmp_path):
    done = restore(home, home / "backup", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    for name in ("node.toml", "secret.key", "keys/node.key", "keys/root.key", "keys/identity.json"):
        assert (tmp_path / "new" / name).read_bytes() == (home / "home" / name).read_bytes()
    assert (tmp_path / "new" / "keys" / "node.key").stat().st_mode & 0o077 == 0
    assert json.loads(sild(tmp_path / "new", "doctor", "--json").stdout)
    with sqlite3.connect(tmp_path / "new" / "node.sqlite3") as database:
        [(actions,)] = database.execute("select group_concat(action) from people_auditentry")
        assert "node.restore" in actions
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
    assert failed(restore(home, tmp_path / "backup", tmp_path / "new"))
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "new.restoring").exists()


@pytest.mark.parametrize(
    ("words", "passphrase", "said"),
    [
        ((), "battery staple", "do not open"),
        ((), "", "SILD_BACKUP_PASSPHRASE"),
        (("--fingerprint", "9XG3-AJS5-5R6S-2SXM-BE03-672K"), "correct horse", "fingerprint"),
    ],
)
def test_without_the_right_key_nothing_is_restored(home, tmp_path, words, passphrase, said):
    assert said in failed(restore(home, home / "backup", tmp_path / "new", *words, passphrase=passphrase))
    assert not (tmp_path / "new").exists()


def test_a_home_that_is_not_empty_is_not_touched(home, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "something").write_text("here")
    assert "not empty" in failed(restore(home, home / "backup", tmp_path / "new"))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["something"]


def test_an_empty_folder_that_is_there_becomes_the_home(home, tmp_path):
    (tmp_path / "new").mkdir()
    assert restore(home, home / "backup", tmp_path / "new", "--json").returncode == 0
    assert (tmp_path / "new" / "node.toml").exists()


def test_a_backup_takes_no_other_folders_place_and_needs_a_lock(home):
    assert "exists already" in failed(sild(home / "home", "backup", str(home / "backup"), SILD_BACKUP_PASSPHRASE="x"))
    assert "SILD_BACKUP_PASSPHRASE" in failed(sild(home / "home", "backup", str(home / "other")))
    assert not (home / "other").exists()


def test_a_file_that_was_damaged_before_is_named_and_stops_no_backup(home, tmp_path):
    shutil.copytree(home / "home", tmp_path / "home")
    next((tmp_path / "home" / "blobs").glob("??/*")).write_bytes(b"rotten")
    words = ("backup", str(tmp_path / "backup"), "--json")
    made = json.loads(sild(tmp_path / "home", *words, SILD_BACKUP_PASSPHRASE="x").stdout)
    assert len(made["damaged"]) == 1
    done = restore(tmp_path, tmp_path / "backup", tmp_path / "new", passphrase="x")
    assert done.returncode == 0, done.stderr
