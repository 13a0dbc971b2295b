"""The draw of samples for a re-run: fixed by both sides, chosen by neither; and what is a difference."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from sild.sandbox.engine import draw
from sild.sandbox.engine.result import Result

pytestmark = pytest.mark.unit

REPORT, REQUEST, SECRET, ANSWER = "sha256:" + "a" * 64, "sha256:" + "b" * 64, "c" * 64, "d" * 64


def result(index, score=1.0, output="yes", error=""):
    return Result(index, f"s{index}", None if error else output, error, score, 1.0, alone=False)


def test_the_seed_depends_on_everything_that_either_side_said():
    seed = draw.seed(REPORT, REQUEST, SECRET, ANSWER)
    parts = [REPORT, REQUEST, SECRET, ANSWER]
    for place in range(4):
        changed = parts.copy()
        changed[place] = changed[place][:-1] + "0"
        assert draw.seed(*changed) != seed
    domain = b"sild-rerun/1\0seed\0" + "\0".join(parts).encode()
    assert seed == hashlib.sha256(domain).hexdigest()


def test_a_commitment_binds_the_secret_to_one_report():
    assert draw.commitment(REPORT, SECRET) != draw.commitment(REQUEST, SECRET)
    assert draw.commitment(REPORT, SECRET) != draw.commitment(REPORT, ANSWER)
    assert len(draw.random_hex()) == 64
    assert draw.random_hex() != draw.random_hex()


def test_the_draw_is_what_its_docstring_says_and_every_sample_is_as_likely():
    seed = draw.seed(REPORT, REQUEST, SECRET, ANSWER)
    key = bytes.fromhex(seed)
    ranked = sorted(range(50), key=lambda number: hashlib.sha256(key + number.to_bytes(8, "big")).digest())
    assert draw.draw(seed, 50, 7) == sorted(ranked[:7])
    assert draw.draw(seed, 5, 9) == [0, 1, 2, 3, 4]
    counts = [0] * 10
    for number in range(2000):
        for drawn in draw.draw(hashlib.sha256(str(number).encode()).hexdigest(), 10, 3):
            counts[drawn] += 1
    # 600 are expected of each, with a standard deviation of 20.5; these seeds are fixed, so the test is, too.
    assert all(abs(count - 600) < 5 * 20.5 for count in counts)


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (result(1), []),
        (result(1, 0.5), ["score"]),
        (result(1, 1.0, "no"), ["output"]),
        (result(1, 0.0, error="no answer"), ["error"]),
        (None, ["proof"]),
        (replace(result(1), sample="s2"), ["proof"]),
    ],
)
def test_what_differs_is_named(other, what):
    found = draw.differences({1: other}, {1: result(1)}, [1])
    assert [one.what for one in found] == what
    assert all(one.facts["sample"] == "s1" for one in found)


def test_an_output_that_was_not_shown_is_not_compared():
    assert draw.differences({1: result(1, 1.0, None)}, {1: result(1)}, []) == []
