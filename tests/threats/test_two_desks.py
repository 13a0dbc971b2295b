"""Two real nodes: what one desk shares the other has with its proof, and what the other saw comes back."""

import pytest

from node.pairs import running_pair, until
from sild.node.demo_node import DemoError

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    with running_pair(tmp_path_factory.mktemp("desks"), "agency", "add", "cert", "Example CERT") as nodes:
        yield nodes


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
