"""tlog-proof texts."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.trust.errors import ProofError
from sild.trust.proof import format_proof, parse_proof
from sild.trust.tree import leaf_hash

pytestmark = pytest.mark.unit

CHECKPOINT = (
    "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJw==\n"
)


@given(st.integers(0, 1 << 60), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_what_was_written_is_read_back(index, path):
    proof = parse_proof(format_proof(index, path, CHECKPOINT))
    assert (proof.index, list(proof.path), proof.checkpoint) == (index, path, CHECKPOINT)


def test_the_specifications_example_is_read_with_its_extra_line():
    text = (
        "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 73894\ngSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
        "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\n" + CHECKPOINT
    )
    proof = parse_proof(text)
    assert (proof.extra, proof.index, len(proof.path), proof.checkpoint) == (b"age", 73894, 2, CHECKPOINT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\n" + CHECKPOINT,
        "c2sp.org/tlog-proof@v1\nindex 00\n\n" + CHECKPOINT,
        "c2sp.org/tlog-proof@v1\nindex -1\n\n" + CHECKPOINT,
        "c2sp.org/tlog-proof@v1\nindex ٣\n\n" + CHECKPOINT,
        "c2sp.org/tlog-proof@v1\n7\n\n" + CHECKPOINT,
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n" + CHECKPOINT,
        "c2sp.org/tlog-proof@v1\nindex 0\nnot base64\n\n" + CHECKPOINT,
        "c2sp.org/tlog-proof@v1\nextra ?\nindex 0\n\n" + CHECKPOINT,
        format_proof(0, [leaf_hash(b"")] * 65, CHECKPOINT),
    ],
)
def test_what_is_no_proof_is_refused(text):
    with pytest.raises(ProofError):
        parse_proof(text)


@given(st.text())
def test_no_text_makes_the_parser_fail_in_any_other_way(text):
    for tried in (text, f"c2sp.org/tlog-proof@v1\n{text}"):
        with contextlib.suppress(ProofError):
            parse_proof(tried)
