"""The tiled tree against RFC 6962 as it is written, and the published test vectors of Certificate Transparency."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sild.trust.errors import ProofError
from sild.trust.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    MemoryTiles,
    Tree,
    leaf_hash,
    leaf_hashes,
    levels_of,
    node_hash,
    node_hashes,
    path_in,
    root_of,
)
from trust import reference

pytestmark = pytest.mark.unit

# The inputs and roots of the Certificate Transparency reference implementation's test tree.
CT_INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves_of(count):
    return [leaf_hash(str(number).encode()) for number in range(count)]


def tree_of(leaves, steps=()):
    tree, size = Tree(MemoryTiles()), 0
    for step in (*steps, len(leaves)):
        size = tree.append(size, leaves[size:step])
    return tree


def test_an_empty_log_has_the_root_of_the_specification():
    assert Tree(MemoryTiles()).root(0) == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparencys_test_tree(size):
    leaves = [leaf_hash(bytes.fromhex(text)) for text in CT_INPUTS[:size]]
    assert tree_of(leaves).root(size).hex() == CT_ROOTS[size - 1]


@settings(max_examples=60)
@given(st.integers(1, 700), st.data())
def test_roots_and_proofs_of_any_size_are_those_of_the_specification(size, data):
    steps = sorted(data.draw(st.lists(st.integers(0, size), max_size=5)))
    leaves = leaves_of(size)
    tree = tree_of(leaves, steps)
    covered = data.draw(st.integers(1, size))
    index, old = data.draw(st.integers(0, covered - 1)), data.draw(st.integers(1, covered))
    assert tree.root(covered) == reference.root(leaves[:covered])
    assert tree.inclusion_proof(index, covered) == reference.path(index, leaves[:covered])
    assert tree.consistency_proof(old, covered) == reference.consistency(old, leaves[:covered])


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 65_536, 65_537, 70_000])
def test_levels_held_in_memory_give_the_same_root_and_proofs_as_tiles(size):
    leaves = leaves_of(size)
    tree, levels = tree_of(leaves), levels_of(leaves)
    assert levels[-1][0] == tree.root(size)
    for index in {0, size // 2, size - 1}:
        assert path_in(levels, index) == tree.inclusion_proof(index, size)


def test_tiles_are_laid_out_as_the_specification_says_for_its_example_of_70000_leaves():
    tiles = MemoryTiles()
    Tree(tiles).append(0, leaves_of(70_000))
    width = lambda level, index: len(tiles.read(level, index)) // HASH_BYTES  # noqa: E731 -- reads as a table below
    assert [width(0, 272), width(0, 273), width(0, 274)] == [256, 112, 0]
    assert [width(1, 0), width(1, 1), width(1, 2)] == [256, 17, 0]
    assert [width(2, 0), width(3, 0)] == [1, 0]


def test_tiles_that_were_lost_are_noticed_instead_of_hashed_over():
    tiles = MemoryTiles()
    Tree(tiles).append(0, leaves_of(300))
    tiles.write(0, 1, b"")
    with pytest.raises(ProofError):
        Tree(tiles).append(300, leaves_of(1))
    with pytest.raises(ProofError):
        Tree(tiles).root(300)


@pytest.mark.parametrize("index", [-1, 5, 99])
def test_there_is_no_proof_for_a_leaf_that_does_not_exist(index):
    with pytest.raises(ProofError):
        tree_of(leaves_of(5)).inclusion_proof(index, 5)


def test_a_larger_tree_cannot_be_continued_by_a_smaller_one():
    with pytest.raises(ProofError):
        tree_of(leaves_of(5)).consistency_proof(5, 4)


def test_growing_from_nothing_or_not_at_all_needs_no_proof():
    tree = tree_of(leaves_of(5))
    assert tree.consistency_proof(0, 5) == []
    assert tree.consistency_proof(5, 5) == []


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_many_hashes_are_those_of_each(count):
    data = [bytes([place]) * place for place in range(count)]
    assert leaf_hashes(data) == [leaf_hash(one) for one in data]
    assert node_hashes(data) == [node_hash(data[place], data[place + 1]) for place in range(0, count - 1, 2)]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 100])
def test_a_root_needs_not_all_leaves_at_one_time(size):
    hashes = [leaf_hash(bytes([number])) for number in range(size)]
    whole = levels_of(hashes)[-1][0] if hashes else EMPTY_ROOT
    assert root_of(iter(hashes)) == whole
