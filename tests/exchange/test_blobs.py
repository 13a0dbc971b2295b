"""Files by the hash of their bytes."""

import hashlib
import os
import random
import resource
import signal

import pytest

from sild.exchange import blobs
from sild.exchange.errors import BlobError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    import dataclasses  # noqa: PLC0415 -- only here

    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path)
    return tmp_path


def test_bytes_are_read_back_by_their_hash():
    name = blobs.put(b"tere")
    assert name == "sha256:" + hashlib.sha256(b"tere").hexdigest()
    assert blobs.has(name)
    assert blobs.read(name) == b"tere"


def test_keeping_the_same_bytes_twice_keeps_them_once(home):
    assert blobs.put(b"tere") == blobs.put(b"tere")
    assert len([path for path in (home / "blobs").rglob("*") if path.is_file()]) == 1


def test_bytes_that_are_not_here_are_named():
    name = blobs.hash_of(b"never kept")
    assert not blobs.has(name)
    with pytest.raises(BlobError) as caught:
        blobs.read(name)
    assert caught.value.code == "no-blob"


def test_bytes_that_rotted_on_disk_are_never_handed_out(home):
    name = blobs.put(b"tere")
    next(path for path in (home / "blobs").rglob("*") if path.is_file()).write_bytes(b"terf")
    with pytest.raises(BlobError) as caught:
        blobs.read(name)
    assert caught.value.code == "damaged"


def test_too_many_bytes_are_refused_and_leave_nothing(home, monkeypatch):
    monkeypatch.setattr(blobs, "MAX_BLOB", 3)
    with pytest.raises(BlobError) as caught:
        blobs.put(b"tere")
    assert caught.value.code == "oversized"
    assert not [path for path in (home / "blobs").rglob("*") if path.is_file()]


def test_every_range_is_read_and_only_the_pieces_that_it_touches_are_checked(home):
    data = random.Random(1).randbytes(3 * blobs.PIECE + 5)
    name = blobs.put(data)
    assert blobs.size_of(name) == len(data)
    for start, length in ((0, 10), (blobs.PIECE - 3, 7), (2 * blobs.PIECE, 5 * blobs.PIECE), (len(data), 1)):
        assert blobs.read_range(name, start, length) == data[start : start + length]
    with next(path for path in (home / "blobs").rglob("*") if path.is_file()).open("r+b") as file:
        file.seek(blobs.PIECE + 100)
        file.write(b"!")
    assert blobs.read_range(name, 2 * blobs.PIECE, 9) == data[2 * blobs.PIECE :][:9]
    with pytest.raises(BlobError) as caught:
        blobs.read_range(name, blobs.PIECE - 1, 2)
    assert caught.value.code == "damaged"


def test_keeping_a_damaged_file_again_mends_it(home):
    name = blobs.put(b"tere")
    next(path for path in (home / "blobs").rglob("*") if path.is_file()).write_bytes(b"terf")
    blobs.put(b"tere")
    assert blobs.read(name) == b"tere"


def test_a_file_that_was_lost_under_its_row_is_not_here(home):
    name = blobs.put(b"tere")
    next(path for path in (home / "blobs").rglob("*") if path.is_file()).unlink()
    assert not blobs.has(name)
    with pytest.raises(BlobError) as caught:
        blobs.read(name)
    assert caught.value.code == "no-blob"


def test_another_file_than_the_one_expected_is_not_kept():
    with pytest.raises(BlobError) as caught:
        blobs.keep([b"ot", b"her"], blobs.Kept(blobs.hash_of(b"tere"), 4))
    assert caught.value.code == "other"
    assert not blobs.has(blobs.hash_of(b"other"))


def test_a_file_may_be_kept_before_the_record_that_names_it():
    kept = blobs.keep([b"te", b"re"])
    assert kept == blobs.Kept(blobs.hash_of(b"tere"), 4)
    assert blobs.Draft("a", "text/plain", kept).keep() == blobs.Draft("a", "text/plain", b"tere").keep() == kept


def test_what_a_killed_process_left_half_written_goes_and_what_is_being_written_stays():
    with blobs.writing() as (_file, path):
        os.utime(path, (0, 0))
        assert blobs.clear_scratch() == 0
        assert path.exists()
    left = blobs.scratch() / "left.new"
    left.write_bytes(b"half")
    assert blobs.clear_scratch() == 0
    os.utime(left, (0, 0))
    assert blobs.clear_scratch() == 1
    assert list(blobs.scratch().iterdir()) == []


def test_a_disk_without_room_is_said_before_anything_is_written():
    blobs.require_space(1)
    with pytest.raises(BlobError) as caught:
        blobs.require_space(1 << 60)
    assert caught.value.code == "no-space"


def test_a_full_disk_leaves_nothing_behind(home):
    """The limit on a file's size stands in for the disk: the write fails in the same place."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * blobs.PIECE, before[1]))
    try:
        with pytest.raises(BlobError) as caught:
            blobs.keep(bytes(blobs.PIECE) for _ in range(4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert caught.value.code == "no-space"
    assert not [path for path in (home / "blobs").rglob("*") if path.is_file()]
