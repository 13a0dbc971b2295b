"""Two real nodes that trust each other, and waiting for what happens between them."""

from __future__ import annotations

import time
from contextlib import contextmanager

from sild.node.demo_node import DemoNode

PATIENCE = 90.0


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
    nodes = tallinn, kyiv = DemoNode.make(home / "tallinn", "tallinn"), DemoNode.make(home / "kyiv", "kyiv")
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
            node.stop()
