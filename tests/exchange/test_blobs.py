"""Files by the hash of their bytes."""

import hashlib

import pytest

from sild.exchange import blobs
from sild.exchange.errors import BlobError

pytestmark = pytest.mark.integration


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


def test_too_many_bytes_are_refused_before_anything_is_written(home, monkeypatch):
    monkeypatch.setattr(blobs, "MAX_BLOB", 3)
    with pytest.raises(BlobError) as caught:
        blobs.put(b"tere")
    assert caught.value.code == "oversized"
    assert not (home / "blobs").exists()
