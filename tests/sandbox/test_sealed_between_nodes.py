"""A sealed suite between two nodes with databases of their own: no byte that reaches the other one is of an item."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prepared import prepare
from sandbox.factories import write_solution, write_suite
from sandbox.test_sealed import THIEF, items

pytestmark = pytest.mark.e2e
SEALING = Path(__file__).with_name("sealing.py")


def do(home, *words):
    """A process of the node in a folder, with SQLite there; what it printed."""
    settings = {"SILD_HOME": str(home), "SILD_NODE": home.name, "DATABASE_URL": "", "SILD_LOG_FORMAT": "text"}
    done = subprocess.run(
        [sys.executable, str(SEALING), *map(str, words)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def everything(home):
    """All that is in a node's folder: database, write-ahead log, blobs, results."""
    return b"\n".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def test_nothing_of_the_items_reaches_the_partners_node(tmp_path):
    owner, partner = tmp_path / "tallinn", tmp_path / "kyiv"
    to_partner, to_owner, back = (tmp_path / f"{number}.zip" for number in range(3))
    suite = write_suite(tmp_path / "t", items(), name="hidden")
    solution = write_solution(tmp_path / "s", THIEF, name="thief")
    for home in (owner, partner):
        prepare(home)
    do(owner, "make", tmp_path)
    do(partner, "make", tmp_path, "then", "meet", tmp_path / "tallinn.json")
    do(owner, "meet", tmp_path / "kyiv.json", "then", "offer", suite, "then", "export", "kyiv", to_partner)
    do(partner, "take", to_partner, "then", "ask", solution, "then", "export", "tallinn", to_owner)
    do(owner, "take", to_owner, "then", "answer", "then", "export", "kyiv", back)
    shown = do(partner, "take", back, "then", "show")
    [answer] = [one for one in json.loads(shown) if one["header"]["kind"] == "sandbox.sealed-report"]
    assert answer["body"]["outcome"]["passed"] is False
    left = everything(partner) + shown.encode() + to_partner.read_bytes() + back.read_bytes()
    assert b"sandbox.sealed-report" in left
    kept = everything(owner)
    for item in items():
        for word in (item["id"], item["target"], item["input"].split()[0]):
            assert word.encode() not in left
        assert item["id"].encode() in kept  # what stays has them, so that the search would find them
