"""Two real nodes: what one desk shares the other has with its proof, and what the other saw comes back."""

import time

import pytest

from sild.node.demo_node import DemoError, DemoNode

pytestmark = pytest.mark.e2e
PATIENCE = 90.0


def until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    home = tmp_path_factory.mktemp("desks")
    nodes = tallinn, kyiv = DemoNode.make(home / "tallinn", "tallinn"), DemoNode.make(home / "kyiv", "kyiv")
    try:
        for node in nodes:
            node.create()
            node.run("agency", "add", "cert", "Example CERT")
            node.start()
        for node, other in ((tallinn, kyiv), (kyiv, tallinn)):
            node.json("partner", "add", other.exchange_url)
            node.run("partner", "pin", other.name, other.fingerprint)
        yield tallinn, kyiv
    finally:
        for node in nodes:
            node.stop()


def shown(node, stix_id):
    """The object as the node's desk has it; None while it is not there."""
    try:
        return node.json("threats", "show", stix_id)
    except DemoError:
        return None


def test_an_indicator_crosses_with_its_proof_is_seen_there_and_its_revocation_arrives(pair):
    tallinn, kyiv = pair
    written = tallinn.json("threats", "write", "203.0.113[.]77", "--tlp", "AMBER", "--technique", "T1071.001")
    records = tallinn.json("threats", "share", written["id"], "--to", "kyiv", "--subject", "a campaign")
    there = until("the indicator", lambda: shown(kyiv, written["id"]))
    [said] = there["said"]
    assert (said["who"], said["verified"], there["tlp"]) == ("tallinn", True, "AMBER")
    assert said["record"] in {record["id"] for record in records}
    assert kyiv.json("threats", "seen", "203.0.113[.]77")[0]["nodes"] == ["tallinn"]

    kyiv.run("threats", "sighting", written["id"], "--count", "3", "--description", "on a proxy")
    until("the sighting", lambda: shown(tallinn, written["id"])["sightings"] == 3)

    tallinn.run("threats", "revoke", written["id"])
    until("the revocation", lambda: shown(kyiv, written["id"])["revoked"])
