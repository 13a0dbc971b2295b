"""Paths and bundles as C2SP tlog-tiles writes them, with the examples of the specification."""

import pytest

from sild.trust.tiles import TilePath, entry_bundle, tiles_between

pytestmark = pytest.mark.unit


def test_the_index_1234067_is_written_as_in_the_specification():
    assert str(TilePath(0, 1234067)) == "tile/0/x001/x234/067"
    assert TilePath.parse("tile/0/x001/x234/067") == TilePath(0, 1234067)


def test_a_tree_of_70000_has_the_tiles_that_the_specification_names():
    hashes = [path for path in tiles_between(0, 70_000) if path.level is not None]
    full = [path for path in hashes if path.width == 256]
    assert sum(path.level == 0 for path in full) == 273
    assert [path for path in full if path.level] == [TilePath(1, 0)]
    assert [path for path in hashes if path.width < 256] == [
        TilePath(0, 273, 112),
        TilePath(1, 1, 17),
        TilePath(2, 0, 1),
    ]
    assert str(TilePath(0, 273, 112)) == "tile/0/273.p/112"


def test_a_tree_of_256_has_one_full_tile_and_a_partial_one_above_it():
    assert [str(path) for path in tiles_between(0, 256)] == ["tile/0/000", "tile/entries/000", "tile/1/000.p/1"]


def test_entries_stand_beside_level_0():
    assert [str(path) for path in tiles_between(0, 5)] == ["tile/0/000.p/5", "tile/entries/000.p/5"]


def test_only_what_is_new_is_listed():
    assert list(tiles_between(5, 5)) == []
    assert [str(path) for path in tiles_between(255, 257)] == [
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/entries/000",
        "tile/entries/001.p/1",
        "tile/1/000.p/1",
    ]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 70_000])
def test_every_tile_that_a_tree_has_is_in_it_and_none_beyond(size):
    last = {}
    for path in tiles_between(0, size):
        assert path.is_in(size)
        assert TilePath.parse(str(path)) == path
        last[path.level] = path
    for path in last.values():
        assert not TilePath(path.level, path.index + 1, 1).is_in(size)
        assert path.width == 256 or not TilePath(path.level, path.index, path.width + 1).is_in(size)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/1000",
        "tile/0/x000/001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000/",
        "tile/0/../0/000",
        "tile/entry/000",
        "tile/0/٠٠٠",
        "/tile/0/000",
        "tile/0/000.p/1\n",
    ],
)
def test_no_other_spelling_is_a_path(path):
    assert TilePath.parse(path) is None


def test_a_bundle_is_entries_behind_their_lengths():
    assert entry_bundle([b"", b"ab", b"x" * 300]) == b"\0\0" + b"\0\x02ab" + b"\x01\x2c" + b"x" * 300
    assert len(entry_bundle([b"x" * 65_535])) == 65_537


def test_an_entry_that_is_too_long_for_a_bundle_is_refused():
    with pytest.raises(ValueError, match="65536"):
        entry_bundle([b"x" * 65_536])
