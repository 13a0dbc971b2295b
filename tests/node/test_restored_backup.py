"""A node whose whole folder was restored from a backup signs nothing, says why, and is made whole by its partner."""

import json
import shutil
from pathlib import Path

import pytest

from node.pairs import running_pair, until
from sild.node.demo_node import DemoError

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]


def publish(node, text):
    words = ("record", "publish", "exchange.comment", "-", "--subject", text, "--to", "partners", "--tlp", "GREEN")
    return json.loads(node.run(*words, "--json", text=json.dumps({"text": text})))["id"]


def subjects(node, issuer):
    return {row["subject"] for row in node.json("record", "list", "--issuer", issuer, "--kind", "exchange.comment")}


def state(node):
    return node.json("partner", "list")[0]["state"]


@pytest.fixture(scope="module")
def restored(tmp_path_factory, memory_of_this_run):
    """Tallinn as it was two records ago, on a machine that forgot everything; Kyiv, which has them."""
    home = tmp_path_factory.mktemp("restored")
    with running_pair(home) as (tallinn, kyiv):
        publish(tallinn, "before")
        until("the first record", lambda: "before" in subjects(kyiv, "tallinn"))
        tallinn.stop()
        shutil.copytree(tallinn.home, home / "backup")
        tallinn.start()
        for text in ("lost", "lost, too"):
            publish(tallinn, text)
        until("the records", lambda: {"lost", "lost, too"} <= subjects(kyiv, "tallinn"))
        tallinn.stop()
        kyiv.stop()
        shutil.rmtree(tallinn.home)
        shutil.copytree(home / "backup", tallinn.home)
        for left in memory_of_this_run.iterdir():
            left.unlink()
        yield tallinn, kyiv


def test_a_restored_node_signs_nothing_until_its_partner_was_asked_then_refuses_and_is_recovered(restored):
    tallinn, kyiv = restored
    signed = tallinn.json("log", "status")["signed"]
    publish(tallinn, "after")
    assert tallinn.json("log", "status") == {
        "signed": signed,
        "marked": signed,
        "waiting": 1,
        "may_sign": False,
        "held": "",
    }
    kyiv.start()
    tallinn.start()
    until("the rollback to be found", lambda: "went back" in Path(tallinn.home / "up.log").read_text())
    with pytest.raises(DemoError, match="went back"):
        publish(tallinn, "refused")
    with pytest.raises(DemoError):
        tallinn.run("log", "status")
    printed = tallinn.run("log", "recover")
    assert "records are back" in printed
    assert {"before", "lost", "lost, too", "after"} <= subjects(tallinn, "tallinn")
    if until("a state", lambda: state(kyiv)) == "frozen":
        kyiv.run("partner", "unfreeze", "tallinn", "--decision", "They restored a backup and recovered the log.")
    publish(tallinn, "and on")
    until("the rest", lambda: {"after", "and on"} <= subjects(kyiv, "tallinn"))
    assert tallinn.json("log", "status")["held"] == ""
    until("no failure", lambda: state(kyiv) == "pinned" and not kyiv.json("partner", "list")[0]["failures"])
