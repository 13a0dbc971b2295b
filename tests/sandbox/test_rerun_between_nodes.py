"""Two real nodes: one reports, the other runs a draw of the samples again and countersigns; neither chose them."""

from __future__ import annotations

import json

import pytest

from node.pairs import running_pair, until
from sandbox.factories import ECHO, numbers, write_solution, write_suite

pytestmark = pytest.mark.e2e


@pytest.fixture
def pair(tmp_path):
    with running_pair(tmp_path) as nodes:
        yield nodes


def in_state(node, state):
    """The node's only re-run, once it is in that state."""
    return until(state, lambda: [row for row in node.json("sandbox", "rerun", "list") if row["state"] == state])[0]


def test_a_report_is_run_again_and_countersigned_by_the_other_node(pair, tmp_path):
    tallinn, kyiv = pair
    solution, suite = write_solution(tmp_path / "s", ECHO), write_suite(tmp_path / "t", numbers(200))
    tallinn.run("sandbox", "register", str(solution), "--to", "kyiv")
    kyiv.run("sandbox", "suite", "add", str(suite))
    report = tallinn.json("sandbox", "run", "echo", str(suite))
    published = tallinn.json("sandbox", "publish", report["run"], "--to", "kyiv")
    until("the report", lambda: published["id"] in {row["id"] for row in kyiv.json("record", "list")})
    until("the package", lambda: kyiv.json("sandbox", "solutions"))

    asked = kyiv.json("sandbox", "rerun", "request", published["id"], "--samples", "10")
    tallinn.run("sandbox", "rerun", "answer", in_state(tallinn, "asked")["rerun"])
    in_state(kyiv, "answered")
    kyiv.run("sandbox", "rerun", "execute", asked["rerun"])
    tallinn.run("sandbox", "rerun", "show", in_state(tallinn, "tested")["rerun"])
    assert in_state(kyiv, "shown")["differences"] == []
    kyiv.run("sandbox", "rerun", "countersign", asked["rerun"])
    in_state(tallinn, "countersigned")

    kinds = {row["kind"]: row["id"] for row in tallinn.json("record", "list")}
    file = tmp_path / "verdict.json"
    tallinn.run("record", "show", kinds["sandbox.rerun.verdict"], "--file", str(file))
    assert json.loads(tallinn.run("record", "verify", str(file), "--json"))["ok"] is True
