"""A real process that publishes is killed, or its disk is full: what it had released is never contradicted."""

import os
import random
import signal
import subprocess
import sys
import textwrap

import orjson
import pytest

from prepared import prepare
from sild.trust import note
from sild.trust.checkpoint import Checkpoint

pytestmark = pytest.mark.integration

# Publishes without end and prints each checkpoint that it releases, as a partner would see it.
PUBLISHER = textwrap.dedent("""
    import os, sys
    import django

    django.setup()
    from sild.exchange import log, services, tile_files
    from sild.people.actor import Actor

    print("ready", flush=True)
    text = "x" * int(sys.argv[1])
    while True:
        try:
            services.publish(
                Actor.operator(), kind="exchange.comment", subject="x", body={"text": text}, tlp="CLEAR",
                audience="public",
            )
            tile_files.bring_up()
            print(repr(log.latest().text), flush=True)
        except Exception as error:
            print(f"stopped {type(error).__name__}: {error}", flush=True)
            break
""")
READER = textwrap.dedent("""
    import django, orjson, sys

    django.setup()
    from sild.exchange import guard, log, tile_files
    from sild.exchange.log_models import Checkpoint, LogState
    from sild.exchange.models import Record
    from sild.trust.tree import Tree

    state = LogState.objects.first()
    guard.require_whole(state, Tree(log.DatabaseTiles()))
    tile_files.bring_up()
    rows = {one.size: one.text for one in Checkpoint.objects.all()}
    sys.stdout.buffer.write(orjson.dumps({
        "checkpoints": {str(size): text for size, text in rows.items()},
        "size": state.size,
        "records": Record.objects.count(),
        "root": Tree(log.DatabaseTiles()).root(state.size).hex(),
        "file": tile_files.read("checkpoint").decode(),
    }))
""")


class Home:
    """A node's folder, and processes that use it."""

    def __init__(self, folder, run, inside=()):
        self.command = [*inside, sys.executable]
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        self.environment = {
            **kept,
            "SILD_HOME": str(folder),
            "SILD_RUN": str(run),
            "DJANGO_SETTINGS_MODULE": "sild.node.settings",
        }
        self.released = {}

    def run(self, *words):
        return subprocess.run([*self.command, *words], env=self.environment, capture_output=True, check=True).stdout

    def start(self, length):
        process = subprocess.Popen(
            [*self.command, "-c", PUBLISHER, str(length)], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        return process

    def take(self, line):
        """Keep what was released; two that differ are what must never be."""
        if not line.endswith("'\n"):
            return False
        text = line.strip().strip("'").encode().decode("unicode_escape").encode("latin-1").decode()
        size = Checkpoint.parse(note.split(text)[0]).size
        assert self.released.setdefault(size, text) == text
        return True

    def check(self):
        """Everything released is what the database has, and the database is whole."""
        found = orjson.loads(self.run("-c", READER))
        assert found["size"] == found["records"] == max(map(int, found["checkpoints"]))
        for size, text in self.released.items():
            assert found["checkpoints"][str(size)] == text
        newest = Checkpoint.parse(note.split(found["file"])[0])
        assert (newest.size, newest.root.hex()) == (found["size"], found["root"])
        return found["size"]


@pytest.fixture
def home(tmp_path):
    (tmp_path / "run").mkdir()
    prepare(tmp_path / "home")
    made = Home(tmp_path / "home", tmp_path / "run")
    made.run("-m", "sild.node.cli", "init", "--node", "tallinn")
    return made


def test_kill_9_at_any_moment_leaves_no_two_checkpoints_of_one_size(home):
    chance, sizes = random.Random(7), []
    for _ in range(4):
        process = home.start(10)
        for _ in range(chance.randrange(1, 6)):
            home.take(process.stdout.readline())
        # Not between two lines but somewhere in the work for the next one.
        try:
            process.wait(chance.random() * 0.03)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        for line in process.stdout:
            home.take(line)
        process.wait()
        process.stdout.close()
        sizes.append(home.check())
    assert sizes == sorted(set(sizes))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 6 MB, and what brings a command into its mount namespace; nobody needs to be root for it."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=6m tmpfs '{folder}' && echo mounted && exec sleep 600"
    holder = subprocess.Popen(["unshare", "-Urm", "/bin/sh", "-c", mount], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "mounted\n"
    yield folder, ["nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials"]
    holder.kill()
    holder.wait()
    holder.stdout.close()


def test_a_full_disk_stops_publishing_with_a_sentence_and_goes_on_when_there_is_room(small_disk, tmp_path):
    (tmp_path / "run").mkdir()
    disk, inside = small_disk
    home = Home(disk / "home", tmp_path / "run", inside)
    ballast = str(disk / "ballast")
    subprocess.run([*inside, "dd", "if=/dev/zero", f"of={ballast}", "bs=1500000", "count=1", "status=none"], check=True)
    home.run("-m", "sild.node.cli", "init", "--node", "tallinn")
    process = home.start(15_000)
    lines = process.stdout.readlines()
    process.wait()
    process.stdout.close()
    assert lines[-1].startswith("stopped ")
    for line in lines[:-1]:
        assert home.take(line)
    subprocess.run([*inside, "rm", ballast], check=True)
    full = home.check()
    process = home.start(10)
    assert home.take(process.stdout.readline())
    process.kill()
    for line in process.stdout:
        home.take(line)
    process.wait()
    process.stdout.close()
    assert home.check() > full
