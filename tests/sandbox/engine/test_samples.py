"""One sample proved to belong to a report."""

from __future__ import annotations

import pytest

from sild.sandbox.engine import samples
from sild.sandbox.engine.errors import SandboxError
from sild.trust import tree

pytestmark = pytest.mark.unit

LINES = [f'{{"id":"s{place}"}}'.encode() for place in range(7)]
ROOT = tree.levels_of([tree.leaf_hash(line) for line in LINES])[-1][0].hex()


@pytest.mark.parametrize("index", range(7))
def test_each_line_is_proved_alone(index):
    proved = samples.prove(LINES, index)
    assert samples.check(proved, ROOT, 7) == LINES[index].decode()
    assert "s3" not in str(proved) or index == 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"line": '{"id":"forged"}'}, "does not belong"),
        ({"index": 4}, "does not belong"),
        ({"index": 9}, "does not belong"),
        ({"path": []}, "does not belong"),
        ({"path": ["!"]}, "no proof"),
        ({"leaves": 8}, "another form or another number"),
        ({"format": "sild-sample/9"}, "another form or another number"),
        ({"index": "x"}, "no proof"),
    ],
)
def test_what_was_changed_is_refused(change, why):
    with pytest.raises(SandboxError, match=why):
        samples.check(samples.prove(LINES, 3) | change, ROOT, 7)


def test_what_is_no_proof_is_refused():
    with pytest.raises(SandboxError, match="no proof"):
        samples.check({}, ROOT, 7)
