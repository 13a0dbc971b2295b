"""Two real nodes that trust each other, and waiting for what happens between them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass

from prepared import prepare
from sild.node.demo_node import DemoError, DemoNode
from warm import Shell

PATIENCE = 90.0
# What makes the node's settings, or goes on without an end, is started as a person would start it.
COLD = {"init", "restore", "up"}


@dataclass
class Node(DemoNode):
    """A node whose commands are typed without waiting for their start."""

    # Others start nodes at the same time.
    start_seconds: float = 240.0
    shell: Shell | None = None

    def create(self):
        prepare(self.home)
        super().create()

    def run(self, *words, text=None, **options):
        if words[0] in COLD:
            self.leave()
            return super().run(*words, text=text, **options)
        self.shell = self.shell or Shell(self._environment(), self._inside)
        done = self.shell.run(words, text)
        if done.returncode:
            raise DemoError(f"“sild {' '.join(words)}” failed at {self.name}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def leave(self):
        """Type no more here."""
        if self.shell is not None:
            self.shell.close()
            self.shell = None

    @property
    def _inside(self):
        """The words before a command that bring it to the node's machine."""
        return ()


def until(what, condition, patience=PATIENCE):
    """What the condition gave when it was true at last."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)
    return found


def befriend(one, other):
    """Each pins the fingerprint that the other's people read out."""
    for node, partner in ((one, other), (other, one)):
        assert node.json("partner", "add", partner.exchange_url)["fingerprint"] == partner.fingerprint
        node.run("partner", "pin", partner.name, partner.fingerprint)


@contextmanager
def running_pair(home, *prepared):
    """Tallinn and Kyiv in that folder, running and pinned to each other.

    Args:
        home: an empty folder.
        prepared: a command that each is given before it starts.
    """
    nodes = tallinn, kyiv = Node.make(home / "tallinn", "tallinn"), Node.make(home / "kyiv", "kyiv")
    try:
        for node in nodes:
            node.create()
            if prepared:
                node.run(*prepared)
            node.start()
        befriend(tallinn, kyiv)
        yield tallinn, kyiv
    finally:
        for node in nodes:
            node.leave()
            node.stop()
