"""One of the demo's nodes: a home folder, a `sild up` process, and the `sild` command to talk to it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from sild.language import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 60.0


class DemoError(Exception):
    """A step failed; the message is a sentence."""

    code = "demo"


@dataclass(slots=True)
class DemoNode:
    """A node of the demo."""

    home: Path
    name: str
    pages: int
    exchange: int
    password: str
    username: str = "official"
    fingerprint: str = ""
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    start_seconds: float = START_SECONDS

    @classmethod
    def make(cls, home: Path, name: str) -> DemoNode:
        """A node that is not yet created, on two free ports of the loopback interface."""
        return cls(home.absolute(), name, _free_port(), _free_port(), secrets.token_urlsafe(9))

    @property
    def pages_url(self) -> str:
        """Address of its pages."""
        return f"http://127.0.0.1:{self.pages}"

    @property
    def exchange_url(self) -> str:
        """Address for partners."""
        return f"https://127.0.0.1:{self.exchange}"

    def create(self) -> None:
        """Make home folder, keys and database."""
        self.home.parent.mkdir(parents=True, exist_ok=True)
        ports = ("--pages", f"127.0.0.1:{self.pages}", "--exchange", f"127.0.0.1:{self.exchange}")
        self.fingerprint = self.json("init", "--node", self.name, *ports)["fingerprint"]

    def welcome(self) -> None:
        """Add an agency, and an official who can sign in."""
        self.run("agency", "add", "digital-agency", "Digital agency (example)")
        person = (
            "person",
            "add",
            self.username,
            "--agency",
            "digital-agency",
            "--role",
            "administrator",
            "--password-stdin",
        )
        self.run(*person, text=self.password + "\n")

    def start(self) -> None:
        """Start `sild up` and wait until its pages and its exchange answer."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start `sild up`."""
        self.log = (self.home / "up.log").open("ab")
        command = [sys.executable, "-m", "sild.node.cli", "up"]
        self.process = subprocess.Popen(
            command, env=self._environment(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )

    def wait(self) -> None:
        """Wait until the pages and the exchange answer."""
        deadline = time.monotonic() + self.start_seconds
        while not (_listens(self.pages) and _listens(self.exchange)):
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                told = _("%(node)s did not start; %(file)s says why.")
                raise DemoError(told % {"node": self.name, "file": self.home / "up.log"})
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the node, if it runs."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None
        if self.log is not None:
            self.log.close()
            self.log = None

    def run(self, *words: str, text: str | None = None, show_progress: bool = False) -> str:
        """Type a `sild` command at this node and return what it printed.

        Raises:
            DemoError: it ended with another status than 0; with what it said.
        """
        done = subprocess.run(
            [sys.executable, "-m", "sild.node.cli", *words],
            env=self._environment(),
            input=text,
            stdin=None if text is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if show_progress else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            told = _("“%(command)s” failed at %(node)s: %(why)s")
            why = (done.stderr or done.stdout).strip()
            raise DemoError(told % {"command": f"sild {' '.join(words)}", "node": self.name, "why": why})
        return done.stdout

    def json(self, *words: str, show_progress: bool = False) -> Any:
        """Type a command with --json and parse its answer."""
        return json.loads(self.run(*words, "--json", show_progress=show_progress))

    def _environment(self) -> dict[str, str]:
        """Our environment with this node's home and without anything that would override its settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in {"SILD_RUN", "SILD_LANGUAGE"} or not (name.startswith("SILD_") or name == "DATABASE_URL")
        }
        return {
            **kept,
            "SILD_HOME": str(self.home),
            "SILD_PULL_SECONDS": "0.5",
            "SILD_LOG_FORMAT": "json",
            "COLUMNS": "200",
        }


def _free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    """Tell whether somebody answers on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
