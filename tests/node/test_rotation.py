"""Two real nodes: one rotates every key while it runs, and exchange goes on both ways without a person."""

import json

import pytest

from node.test_two_nodes import pair, publish, received, until

pytestmark = pytest.mark.e2e
assert pair  # a fixture


def test_exchange_goes_on_when_all_keys_are_rotated_and_one_is_revoked(pair):
    tallinn, kyiv = pair
    publish(tallinn, "before")
    until("the first record", lambda: received(kyiv))
    before = tallinn.json("trust", "show")
    after = tallinn.json("trust", "rotate", "all")
    assert (after["serial"], after["fingerprint"]) == (before["serial"] + 1, before["fingerprint"])
    publish(tallinn, "after")
    publish(kyiv, "back", to="tallinn", tlp="AMBER")
    until("the record after the rotation", lambda: "after" in {row["subject"] for row in received(kyiv)})
    until("the sealed answer", lambda: "back" in {row["subject"] for row in received(tallinn)})
    seal = next(key["kid"] for key in after["keys"] if (key["role"], key["generation"]) == ("seal", 2))
    assert tallinn.json("trust", "revoke", seal, "--reason", "compromised")["serial"] == after["serial"] + 1
    publish(kyiv, "again", to="tallinn", tlp="AMBER")
    until("what is sealed for the new key", lambda: "again" in {row["subject"] for row in received(tallinn)})
    assert {row["error"] for row in json.loads(kyiv.run("partner", "list", "--json"))} == {""}
