"""Proofs that hold are accepted, and nothing else is: not for another leaf, place, size or root, however it is bent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sild.trust.errors import ProofError
from sild.trust.tree import EMPTY_ROOT, leaf_hash
from sild.trust.verify import Inclusion, verify_consistency, verify_inclusion
from trust import reference

pytestmark = pytest.mark.unit
OTHER = leaf_hash(b"something else")


def leaves_of(count):
    return [leaf_hash(str(number).encode()) for number in range(count)]


@settings(max_examples=80)
@given(st.integers(1, 200), st.data())
def test_every_leaf_verifies_alone_and_among_others_in_any_order(size, data):
    leaves = leaves_of(size)
    checker = Inclusion(size, reference.root(leaves))
    for index in data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=12)):
        checker.verify(leaves[index], index, reference.path(index, leaves))


def bend(path, how, data):
    """A proof that differs from `path`."""
    if how == "longer":
        return [*path, OTHER]
    if how == "shorter" and path:
        return path[:-1]
    if how == "swapped" and len(path) > 1:
        return [path[1], path[0], *path[2:]]
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        return [*path[:place], OTHER, *path[place + 1 :]]
    return [OTHER]


@settings(max_examples=150)
@given(st.integers(1, 120), st.sampled_from(["longer", "shorter", "swapped", "changed"]), st.booleans(), st.data())
def test_a_bent_proof_never_verifies_even_after_good_ones(size, how, warm, data):
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    checker = Inclusion(size, reference.root(leaves))
    if warm:
        for known in range(size):
            checker.verify(leaves[known], known, reference.path(known, leaves))
    path = reference.path(index, leaves)
    with pytest.raises(ProofError):
        checker.verify(leaves[index], index, bend(path, how, data))
    checker.verify(leaves[index], index, path)


@settings(max_examples=60)
@given(st.integers(2, 120), st.booleans(), st.data())
def test_a_proof_is_of_one_leaf_at_one_place(size, warm, data):
    leaves = leaves_of(size)
    index, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    checker = Inclusion(size, reference.root(leaves))
    if warm:
        checker.verify(leaves[index], index, reference.path(index, leaves))
    with pytest.raises(ProofError):
        checker.verify(leaves[index], other, reference.path(index, leaves))
    with pytest.raises(ProofError):
        checker.verify(leaves[other], index, reference.path(index, leaves))


@pytest.mark.parametrize("index", [-1, 8, 1 << 70])
def test_there_is_nothing_outside_the_log(index):
    leaves = leaves_of(8)
    with pytest.raises(ProofError):
        verify_inclusion(leaves[0], index, 8, reference.path(0, leaves), reference.root(leaves))


def test_nothing_is_in_an_empty_log():
    with pytest.raises(ProofError):
        verify_inclusion(EMPTY_ROOT, 0, 0, [], EMPTY_ROOT)


@settings(max_examples=120)
@given(st.integers(1, 200), st.data())
def test_growth_verifies_and_a_bent_proof_of_it_does_not(new, data):
    leaves = leaves_of(new)
    old = data.draw(st.integers(0, new))
    first, second = reference.root(leaves[:old]), reference.root(leaves)
    path = reference.consistency(old, leaves) if old else []
    verify_consistency(old, first, new, second, path)
    how = data.draw(st.sampled_from(["longer", "shorter", "swapped", "changed"]))
    with pytest.raises(ProofError):
        verify_consistency(old, first, new, second, bend(path, how, data))


@settings(max_examples=200)
@given(st.integers(2, 150), st.data())
def test_a_fork_is_found_whatever_leaf_was_rewritten(new, data):
    leaves = leaves_of(new)
    old = data.draw(st.integers(1, new))
    rewritten = data.draw(st.integers(0, old - 1))
    forked = [*leaves[:rewritten], OTHER, *leaves[rewritten + 1 :]]
    with pytest.raises(ProofError):
        verify_consistency(
            old, reference.root(leaves[:old]), new, reference.root(forked), reference.consistency(old, forked)
        )


def test_a_log_that_shrank_is_no_growth():
    leaves = leaves_of(8)
    with pytest.raises(ProofError, match="shrank"):
        verify_consistency(8, reference.root(leaves), 7, reference.root(leaves[:7]), [])


def test_an_empty_proof_of_growth_is_refused():
    leaves = leaves_of(6)
    with pytest.raises(ProofError):
        verify_consistency(3, reference.root(leaves[:3]), 6, reference.root(leaves), [])
