"""A run of leaves is accepted when each of its proofs is, and refused as soon as one of them is not."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sild.trust.errors import ProofError
from sild.trust.runs import prove_run, verify_run
from sild.trust.tree import MemoryTiles, Tree, leaf_hash, levels_of, node_hash, path_in
from sild.trust.verify import verify_inclusion

pytestmark = pytest.mark.unit
OTHER = leaf_hash(b"something else")


def grown(size):
    levels = levels_of([leaf_hash(str(number).encode()) for number in range(size)])
    return levels, levels[-1][0], [path_in(levels, index) for index in range(size)]


def joined(paths):
    return [b"".join(path) for path in paths]


def in_one(size, root, first, leaves, paths):
    verify_run(size, root, first, leaves, joined(paths))


def one_by_one(size, root, first, leaves, paths):
    for offset, (leaf, path) in enumerate(zip(leaves, paths, strict=True)):
        verify_inclusion(leaf, first + offset, size, path, root)


def accepts(verify, *arguments):
    try:
        verify(*arguments)
    except ProofError:
        return False
    return True


@pytest.mark.parametrize("size", [*range(1, 35), 255, 256, 257])
def test_every_run_of_every_tree_verifies(size):
    levels, root, paths = grown(size)
    for first in range(0, size, 1 + size // 20):
        for end in range(first + 1, size + 1, 1 + size // 20):
            verify_run(size, root, first, levels[0][first:end], joined(paths[first:end]))


sizes = st.integers(1, 80) | st.sampled_from([127, 128, 129, 200, 257, 300])
BENDS = [
    "longer",
    "shorter",
    "empty",
    "swapped",
    "changed",
    "bit",
    "lone",
    "short hash",
    "long hash",
    "leaf",
    "parent",
    "two paths",
    "two leaves",
    "root",
    "size",
    "place",
]


@settings(max_examples=400)
@given(sizes, st.sampled_from(BENDS), st.data())
def test_what_was_bent_is_refused_exactly_when_one_by_one_refuses_it(size, how, data):
    levels, root, paths = grown(size)
    first = data.draw(st.integers(0, size - 1), label="first")
    end = data.draw(st.integers(first + 1, size), label="end")
    row = data.draw(st.integers(0, end - first - 1), label="row")
    leaves, paths = levels[0][first:end], [list(path) for path in paths[first:end]]
    step = data.draw(st.integers(0, max(len(paths[row]) - 1, 0)), label="step")
    case = bend(size, root, first, leaves, paths, how=how, row=row, step=step)
    assert accepts(in_one, *case) == accepts(one_by_one, *case)


def bend(size, root, first, leaves, paths, *, how, row, step):
    """The same run with one thing changed, where it can be."""
    path = paths[row]
    other = (row + 1) % len(paths)
    match how:
        case "longer":
            path.insert(step, OTHER)
        case "empty":
            path.clear()
        case "leaf":
            leaves[row] = OTHER
        case "two leaves":
            leaves[row], leaves[other] = leaves[other], leaves[row]
        case "two paths":
            paths[row], paths[other] = paths[other], paths[row]
        case "root":
            root = OTHER
        case "size":
            size += 1
        case "place":
            first += 1
        case _ if path:
            bend_path(path, leaves, how, row, step)
    return size, root, first, leaves, paths


def bend_path(path, leaves, how, row, step):
    """Change one proof that is not empty."""
    node = path[step]
    match how:
        case "shorter":
            del path[step]
        case "swapped":
            path[step], path[step - 1] = path[step - 1], node
        case "changed":
            path[step] = OTHER
        case "bit":
            path[step] = node[:-1] + bytes([node[-1] ^ 1])
        case "lone":
            path[step] = b""
        case "short hash":
            path[step] = node[:-1]
        case "long hash":
            path[step] = node + b"\x00"
        case "parent":
            leaves[row] = node_hash(leaves[row], path.pop(0))


@settings(max_examples=200)
@given(st.integers(2, 80), st.data())
def test_a_run_of_which_one_byte_differs_anywhere_is_refused(size, data):
    levels, root, paths = grown(size)
    first = data.draw(st.integers(0, size - 2))
    end = data.draw(st.integers(first + 1, size))
    row = data.draw(st.integers(0, end - first - 1))
    paths = [list(path) for path in paths[first:end]]
    step, byte = data.draw(st.integers(0, len(paths[row]) - 1)), data.draw(st.integers(0, 31))
    node = bytearray(paths[row][step])
    node[byte] ^= data.draw(st.integers(1, 255))
    paths[row][step] = bytes(node)
    with pytest.raises(ProofError):
        verify_run(size, root, first, levels[0][first:end], joined(paths))


@given(st.integers(-3, 9), st.integers(0, 9))
@example(0, 0)
@example(7, 2)
def test_a_run_that_is_not_inside_the_log_is_refused(first, number):
    levels, root, paths = grown(8)
    case = 8, root, first, (levels[0] * 3)[8 + first :][:number], joined((paths * 3)[8 + first :][:number])
    if 0 <= first < first + number <= 8:
        verify_run(*case)
    else:
        with pytest.raises(ProofError, match="no leaves"):
            verify_run(*case)


def test_each_leaf_needs_a_proof():
    levels, root, paths = grown(8)
    with pytest.raises(ProofError) as caught:
        verify_run(8, root, 0, levels[0], joined(paths[:7]))
    assert caught.value.code == "length"


@settings(max_examples=60)
@given(st.integers(1, 1_200).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))), st.data())
def test_proofs_made_together_are_those_made_one_by_one(place, data):
    size, first = place
    count = data.draw(st.integers(0, size - first))
    tree = Tree(MemoryTiles())
    tree.append(0, [leaf_hash(str(number).encode()) for number in range(size)])
    alone = joined(tree.inclusion_proof(index, size) for index in range(first, first + count))
    assert prove_run(tree, first, count, size) == alone


def test_a_leaf_that_is_not_there_has_no_proof():
    tree = Tree(MemoryTiles())
    tree.append(0, [leaf_hash(b"")])
    with pytest.raises(ProofError):
        prove_run(tree, 0, 2, 1)
