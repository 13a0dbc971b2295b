"""One sample proved to belong to a report."""

from __future__ import annotations

import pytest

from sild.sandbox.engine import samples
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.result import Result
from sild.trust import tree

pytestmark = pytest.mark.unit

RESULTS = [Result(place, f"s{place}", f"answer {place}", "", 1.0, 2.5, alone=False) for place in range(7)]
ROOT = tree.levels_of([tree.leaf_hash(result.leaf()) for result in RESULTS])[-1][0].hex()


@pytest.mark.parametrize("index", range(7))
def test_each_line_is_proved_alone(index):
    proved = samples.prove(RESULTS, index)
    assert samples.check(proved, ROOT, 7) == RESULTS[index].line().decode()
    assert "answer 3" not in str(proved) or index == 3


def test_an_output_that_stays_here_is_proved_by_its_digest_and_opened_later():
    proved = samples.prove(RESULTS, 2, withheld=["email"])
    assert "answer 2" not in str(proved)
    leaf = samples.check(proved, ROOT, 7)
    assert leaf == RESULTS[2].leaf().decode()
    assert samples.opens(leaf, "answer 2", RESULTS[2].salt)
    assert not samples.opens(leaf, "answer 3", RESULTS[2].salt)
    assert not samples.opens(leaf, "answer 2", RESULTS[3].salt)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"line": RESULTS[3].line().decode().replace("answer 3", "forged")}, "does not belong"),
        ({"line": '{"id":"s3"}'}, "no proof"),
        ({"index": 4}, "does not belong"),
        ({"index": 9}, "does not belong"),
        ({"path": []}, "does not belong"),
        ({"path": ["!"]}, "no proof"),
        ({"leaves": 8}, "another form or another number"),
        ({"format": "sild-sample/1"}, "another form or another number"),
        ({"index": "x"}, "no proof"),
    ],
)
def test_what_was_changed_is_refused(change, why):
    with pytest.raises(SandboxError, match=why):
        samples.check(samples.prove(RESULTS, 3) | change, ROOT, 7)


def test_what_is_no_proof_is_refused():
    with pytest.raises(SandboxError, match="no proof"):
        samples.check({}, ROOT, 7)
