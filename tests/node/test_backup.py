"""A backup of a running node, restored into an empty home: it goes on exchanging with a real partner without a fork."""

import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from node.test_two_nodes import pair, parts, publish, received, until

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


@pytest.fixture(scope="module")
def old(pair, tmp_path_factory):
    """A recovery key, and a backup that was made while records were being published."""
    tallinn, _kyiv = pair
    folder = tmp_path_factory.mktemp("backups")
    tallinn.run("trust", "recovery-key", str(folder / "recovery"))
    stop = threading.Event()

    def write_on():
        while not stop.is_set():
            publish(tallinn, "while the backup is made", to="tallinn", tlp="RED")

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        return folder, backup(tallinn, folder, "old")
    finally:
        stop.set()
        writer.join()


def backup(node, folder, name):
    return json.loads(node.run("backup", str(folder / name), "--to", str(folder / "recovery.pub"), "--json"))


def lose_and_restore(node, folder, name):
    """The machine is gone; the node comes back from a backup. Returns what the marker says."""
    node.stop()
    shutil.rmtree(node.home)
    assert node.fingerprint in node.run("restore", str(folder / name), "--key", str(folder / "recovery"))
    return json.loads((node.home / "restored").read_bytes())


def test_a_file_comes_whole_though_the_receiver_is_killed_while_it_comes(pair, tmp_path):
    """Killed with SIGKILL in the middle; what had come is there when it starts again, and never becomes less."""
    tallinn, kyiv = pair
    data = os.urandom(1024 * 1024) * 96
    sent = with_file(tallinn, tmp_path, "large", data, to="kyiv", tlp="AMBER")

    def come():
        return max((path.stat().st_size for path in (kyiv.home / "blobs" / "parts").glob("*.part")), default=0)

    deadline = time.monotonic() + 120
    while come() < 2_000_000 and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(parts(kyiv)["exchange"], signal.SIGKILL)
    os.kill(kyiv.process.pid, signal.SIGKILL)
    kyiv.stop()
    had = come()
    assert 2_000_000 <= had < len(data)
    seen = [had]
    kyiv.start()
    while (size := come()) and time.monotonic() < deadline:
        seen.append(size)
        time.sleep(0.01)
    assert seen == sorted(seen)
    assert file_of(kyiv, sent, tmp_path / "kyiv") == data
    assert list((kyiv.home / "blobs" / "parts").iterdir()) == []


def test_a_restored_node_goes_on_and_its_partner_sees_no_fork(pair, old, tmp_path):
    tallinn, kyiv = pair
    folder, _made = old
    data = os.urandom(3_000_000)
    theirs = with_file(kyiv, tmp_path, "theirs", data, to="tallinn")
    assert file_of(tallinn, theirs, tmp_path / "tallinn") == data
    made = backup(tallinn, folder, "last")
    until("kyiv to be level", lambda: kyiv.json("partner", "list")[0]["their_log"] == made["log_size"])
    marker = lose_and_restore(tallinn, folder, "last")
    assert (marker["log_size"], marker["made"]) == (made["log_size"], made["made"])
    assert file_of(tallinn, theirs, tmp_path / "again") == data
    tallinn.start()
    after = publish(tallinn, "after the restore")
    back = publish(kyiv, "an answer", to="tallinn", tlp="AMBER")
    until("the next record", lambda: after["id"] in {row["id"] for row in received(kyiv)})
    until("the answer", lambda: back["id"] in {row["id"] for row in received(tallinn)})
    assert {node.json("partner", "list")[0]["state"] for node in pair} == {"pinned"}


def test_an_older_backup_is_seen_by_the_partner_and_nothing_of_a_fork_gets_in(pair, old):
    """The marker says how much of the log came back; the partner asks for more than that, and freezes us."""
    tallinn, kyiv = pair
    folder, made = old
    later = publish(tallinn, "after the backup")
    until("the later record", lambda: later["id"] in {row["id"] for row in received(kyiv)})
    marker = lose_and_restore(tallinn, folder, "old")
    assert marker["log_size"] == made["log_size"] < later["leaf"] + 1
    assert marker["checkpoint"].splitlines()[1] == str(made["log_size"])
    tallinn.start()
    until("kyiv to freeze tallinn", lambda: kyiv.json("partner", "list")[0]["state"] == "frozen")
    assert "lost data" in kyiv.json("partner", "list")[0]["error"]
    assert later["id"] in {row["id"] for row in received(kyiv)}
