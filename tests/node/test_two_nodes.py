"""Two real nodes on loopback: what one publishes the other has, once, whatever is killed in between."""

import json
import os
import random
import signal
from pathlib import Path

import orjson
import pytest

from node.pairs import running_pair, until
from sild.exchange.client import INDEX_PATH
from sild.node.demo_node import DemoError
from sild.trust.evidence import verify_record_file
from sild.trust.identity import NodeKeys
from sild.trust.tls import open_pool

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Tallinn and Kyiv, running and pinned to each other."""
    with running_pair(tmp_path_factory.mktemp("nodes")) as nodes:
        yield nodes


def publish(node, text, *, to="kyiv", tlp="GREEN"):
    words = ("record", "publish", "exchange.comment", "-", "--subject", text, "--to", to, "--tlp", tlp, "--json")
    return json.loads(node.run(*words, text=json.dumps({"text": text})))


def received(node):
    return [row for row in node.json("record", "list") if row["issuer"] != node.name]


def parts(node):
    """Process ids of the node's web, worker and exchange, by name."""
    children = Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children").read_text().split()
    return {Path(f"/proc/{pid}/cmdline").read_text().split("\0")[-2]: int(pid) for pid in children}


def test_a_record_arrives_over_the_hybrid_group_verifies_offline_and_is_cosigned(pair):
    tallinn, kyiv = pair
    record = publish(tallinn, "tere")
    until("the record", lambda: [row for row in received(kyiv) if row["id"] == record["id"]])
    [link] = kyiv.json("partner", "list")
    assert link["group"] == "X25519MLKEM768"
    file = kyiv.home / "record.json"
    kyiv.run("record", "show", record["id"], "--file", str(file))
    assert verify_record_file(file.read_bytes(), fingerprint=tallinn.fingerprint).ok

    def cosigned():
        tallinn.run("record", "show", record["id"], "--file", str(file))
        return "kyiv" in verify_record_file(file.read_bytes(), fingerprint=tallinn.fingerprint).cosigned_by

    until("the cosignature", cosigned)


def test_what_is_for_named_nodes_travels_sealed_and_what_is_red_does_not_travel(pair):
    tallinn, kyiv = pair
    red = publish(tallinn, "stays here", to="tallinn", tlp="RED")
    amber = publish(tallinn, "for kyiv alone", tlp="AMBER")
    until("the record", lambda: [row for row in received(kyiv) if row["id"] == amber["id"]])
    assert red["id"] not in [row["id"] for row in received(kyiv)]
    with open_pool(tallinn.exchange_url, NodeKeys.load(kyiv.home / "keys"), None) as pool:
        answer = pool.request("GET", f"{INDEX_PATH}?after=0&have=0", timeout=10)
    assert b"for kyiv alone" not in answer.data
    assert "sealed" in orjson.loads(answer.data)["entries"][-1]
    assert b"stays here" not in answer.data


def test_a_key_that_nobody_pinned_gets_who_we_are_and_nothing_else(pair, tmp_path):
    from datetime import UTC, datetime  # noqa: PLC0415 -- one test of many needs it

    tallinn, _kyiv = pair
    with open_pool(tallinn.exchange_url, NodeKeys.generate("stranger", now=datetime.now(UTC)), None) as pool:
        refused = pool.request("GET", f"{INDEX_PATH}?after=0&have=0", timeout=10)
    assert refused.status == 403
    assert orjson.loads(refused.data)["code"] == "not-pinned"


def test_the_exchange_is_not_on_the_pages_port_nor_the_pages_on_the_exchanges(pair):
    import urllib3  # noqa: PLC0415 -- one test of many needs it

    tallinn, kyiv = pair
    answer = urllib3.request("GET", f"{tallinn.pages_url}{INDEX_PATH}?after=0&have=0", redirect=False, timeout=10)
    assert answer.status in {302, 404}
    with open_pool(tallinn.exchange_url, NodeKeys.load(kyiv.home / "keys"), None) as pool:
        assert pool.request("GET", "/admin/", timeout=10).status == 404


def test_a_node_runs_once(pair):
    tallinn, _kyiv = pair
    with pytest.raises(DemoError, match="running already"):
        tallinn.run("up")


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_killed_nothing_is_lost_and_nothing_comes_twice(pair, seed):
    """Parts of both nodes, and a whole node, are killed with SIGKILL while records flow both ways."""
    tallinn, kyiv = pair
    chance = random.Random(seed)
    sent = {"tallinn": [], "kyiv": []}
    for number in range(8):
        for node, other in ((tallinn, "kyiv"), (kyiv, "tallinn")):
            sent[node.name].append(publish(node, f"{seed}-{number}", to=other, tlp="AMBER")["id"])
        victim = chance.choice([tallinn, kyiv])
        name = chance.choice(["web", "exchange", "worker", "node"])
        if name == "node":
            os.kill(victim.process.pid, signal.SIGKILL)
            victim.stop()
            victim.start()
        elif name in parts(victim):
            os.kill(parts(victim)[name], signal.SIGKILL)
    for node, other in ((tallinn, "kyiv"), (kyiv, "tallinn")):
        expected = set(sent[other])
        until(
            f"all records at {node.name}",
            lambda node=node, expected=expected: expected <= {row["id"] for row in received(node)},
        )
        ids = [row["id"] for row in received(node)]
        assert len(ids) == len(set(ids))
        until(
            f"as many records as entries at {node.name}",
            lambda node=node: node.json("partner", "list")[0]["imported"] == len(received(node)),
        )
        assert node.json("partner", "list")[0]["state"] == "pinned"


def test_parts_do_not_outlive_a_killed_node(pair):
    tallinn, _kyiv = pair
    orphans = parts(tallinn).values()
    os.kill(tallinn.process.pid, signal.SIGKILL)
    tallinn.stop()
    until("the parts to end", lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))
    tallinn.start()
    assert tallinn.json("status")["running"]
