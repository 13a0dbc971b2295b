"""Real nodes, each in a network namespace of its own, joined by veth pairs to one bridge: a small country of machines.

This needs the right to make network namespaces, which root has; without it the tests fail and say so.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from node.pairs import COLD, Node
from prepared import prepare
from sild.node.demo_node import DemoError

FAULTS = Path(__file__).parent / "faults"
ACT = Path(__file__).parent / "act.py"
PORT = 8443
PATIENCE = 300.0


def wrong_clock(folder, seconds):
    """The environment of a machine whose time of day is wrong; a time namespace cannot shift that clock."""
    library = folder / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, Path(__file__).parent / "clock.c"], check=True)
    return {"LD_PRELOAD": str(library), "SILD_TEST_CLOCK": str(seconds)}


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"“ip {' '.join(words)}” failed: {done.stderr.strip()} These tests need root's rights.")


@dataclass
class Machine(Node):
    """A node on a machine of its own."""

    namespace: str = ""
    address: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def exchange_url(self):
        return f"https://{self.address}:{PORT}"

    def create(self):
        prepare(self.home)
        ports = ("--pages", "127.0.0.1:8000", "--exchange", f"{self.address}:{PORT}")
        self.fingerprint = self.json("init", "--node", self.name, *ports)["fingerprint"]

    def launch(self):
        self.log = (self.home.parent / f"{self.name}.log").open("ab")
        command = [*self._inside, sys.executable, "-m", "sild.node.cli", "up"]
        self.process = subprocess.Popen(
            command, env=self._environment(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )

    def wait(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            listening = subprocess.run(
                [*self._inside, "ss", "-Hltn"], capture_output=True, text=True, check=True
            ).stdout
            if f":{PORT} " in listening and ":8000 " in listening:
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"{self.name} did not start: {Path(self.log.name).read_text()[-3000:]}")
            time.sleep(0.1)

    def run(self, *words, text=None, **options):
        if words[0] not in COLD:
            return super().run(*words, text=text, **options)
        done = self.call(sys.executable, "-m", "sild.node.cli", *words, text=text)
        if done.returncode:
            raise DemoError(f"“sild {' '.join(words)}” failed at {self.name}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def act(self, *words, **environment):
        """Do something in a process of its own that may die: see act.py; returns what it printed, None if it died."""
        done = self.call(sys.executable, str(ACT), *map(str, words), **environment)
        if done.returncode == -signal.SIGKILL:
            return None
        if done.returncode:
            raise DemoError(f"{words} failed at {self.name}: {done.stderr[-3000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def count(self):
        """What is in the node's database, read beside it."""
        with closing(sqlite3.connect(f"file:{self.home}/node.sqlite3?mode=ro", uri=True, timeout=30)) as database:

            def rows(sql):
                return database.execute(sql).fetchall()

            return {
                "own": rows("SELECT count(*) FROM exchange_record WHERE received IS NULL")[0][0],
                "log": rows("SELECT coalesce(max(size), 0) FROM exchange_logstate")[0][0],
                "checkpoint": rows("SELECT coalesce(max(size), 0) FROM exchange_checkpoint")[0][0],
                "received": [pk for (pk,) in rows("SELECT id FROM exchange_record WHERE received IS NOT NULL")],
                "files_missing": rows("SELECT count(*) FROM exchange_attachment WHERE NOT is_here")[0][0],
                "partners": {
                    node: {"state": state, "position": position, "error": error}
                    for node, state, position, error in rows(
                        "SELECT node, state, position, last_error FROM exchange_partner"
                    )
                },
            }

    def dies(self, stage, *words):
        """Do something and be killed at a stage; anything but that death is a failure of the test."""
        mark = self.home.parent / f"{self.name}.mark"
        mark.touch()
        path = f"{FAULTS}:{os.environ.get('PYTHONPATH', '')}"
        answer = self.act(*words, PYTHONPATH=path, SILD_TEST_DIE_AT=stage, SILD_TEST_DIE_MARK=str(mark))
        assert answer is None, f"{self.name} did not come to {stage}"
        assert not mark.exists()

    def call(self, *command, text=None, **environment):
        """Run a program on this machine."""
        return subprocess.run(
            [*self._inside, *command],
            env={**self._environment(), **environment},
            input=text,
            stdin=None if text is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def family(self):
        """The node's process and its parts."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def signal(self, number):
        for pid in self.family():
            os.kill(pid, number)

    def link(self, state):
        """Pull the cable, or put it back."""
        ip("-n", self.namespace, "link", "set", "eth0", state)

    def drop(self, share):
        """Lose a share of the packets that come in; 0 for none."""
        rules = [["-F", "INPUT"]]
        if share:
            rules.append(
                [
                    "-A",
                    "INPUT",
                    "-i",
                    "eth0",
                    "-m",
                    "statistic",
                    "--mode",
                    "random",
                    "--probability",
                    str(share),
                    "-j",
                    "DROP",
                ]
            )
        for rule in rules:
            done = self.call("iptables", "-w", *rule)
            if done.returncode:
                raise DemoError(f"iptables failed: {done.stderr}")

    @property
    def _inside(self):
        return ["ip", "netns", "exec", self.namespace]

    def _environment(self):
        return {**super()._environment(), **self.extra}


class Field:
    """The machines and what joins them."""

    def __init__(self, folder):
        self.prefix = f"sild{os.getpid() % 100_000}"
        self.folder = folder
        self.machines = {}
        self.made = [f"{self.prefix}-sw"]
        ip("netns", "add", self.made[0])
        ip("-n", self.made[0], "link", "add", "br0", "type", "bridge")
        ip("-n", self.made[0], "link", "set", "br0", "up")

    def add(self, name, **extra):
        """A machine with a node on it, created but not started."""
        number = len(self.machines) + 1
        namespace, switch = f"{self.prefix}-{number}", self.made[0]
        ip("netns", "add", namespace)
        self.made.append(namespace)
        ip("link", "add", "eth0", "netns", namespace, "type", "veth", "peer", "name", f"p{number}", "netns", switch)
        ip("-n", switch, "link", "set", f"p{number}", "master", "br0", "up")
        ip("-n", namespace, "link", "set", "lo", "up")
        ip("-n", namespace, "address", "add", f"10.77.0.{number}/24", "dev", "eth0")
        ip("-n", namespace, "link", "set", "eth0", "up")
        machine = Machine(self.folder / name, name, 8000, PORT, "", namespace=namespace, address=f"10.77.0.{number}")
        machine.extra.update(extra)
        self.machines[name] = machine
        machine.create()
        return machine

    def introduce(self, *machines):
        """Everybody pins everybody, as officials would at a key ceremony."""
        for one in machines:
            for other in machines:
                if one is not other:
                    assert one.json("partner", "add", other.exchange_url)["fingerprint"] == other.fingerprint
                    one.run("partner", "pin", other.name, other.fingerprint)

    def close(self):
        for machine in self.machines.values():
            machine.leave()
            machine.stop()
        for namespace in self.made:
            subprocess.run(["ip", "netns", "del", namespace], check=False)
