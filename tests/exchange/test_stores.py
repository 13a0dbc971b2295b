"""The stores keep the same small interface: a folder, and an S3 server in a process of its own."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from sild.exchange import blobs, stores
from sild.exchange.errors import BlobError
from sild.exchange.stores import FolderStore

pytestmark = pytest.mark.integration
DATA = b"a file to keep" * 1000
NAME = "sha256:" + hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """A real S3 server over HTTP, with a bucket; yields its address."""
    log = (tmp_path_factory.mktemp("s3") / "log").open("w+b")
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("s3_server.py"))]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    try:
        endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
        yield endpoint
    finally:
        server.stdin.close()
        server.wait(20)
        server.stdout.close()
        log.close()


@pytest.fixture
def bucket(s3, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "example")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    name = f"files-{os.urandom(4).hex()}"
    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1")
    client.create_bucket(Bucket=name)
    return client, name, f"s3://{name}/some/prefix?endpoint={s3}"


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    return stores.make(request.getfixturevalue("bucket")[2], tmp_path)


def add(store, tmp_path, data=DATA, name=NAME):
    file = tmp_path / "new"
    file.write_bytes(data)
    store.add(name, file)
    assert not file.exists()


def test_what_was_added_is_read_in_any_part(store, tmp_path):
    assert store.size(NAME) is None
    add(store, tmp_path)
    assert store.size(NAME) == len(DATA)
    assert store.read(NAME, 0, len(DATA)) == DATA
    assert store.read(NAME, 100, 7) == DATA[100:107]
    assert store.read(NAME, len(DATA) - 3, 100) == DATA[-3:]
    assert store.read(NAME, len(DATA), 10) == store.read(NAME, 5, 0) == b""


def test_what_was_added_is_listed_with_its_age_and_can_be_removed(store, tmp_path):
    add(store, tmp_path)
    [(name, age)] = store.names()
    assert name == NAME
    assert -2 < age < 60
    store.delete(NAME)
    store.delete(NAME)
    assert list(store.names()) == []
    with pytest.raises(BlobError) as caught:
        store.read(NAME, 0, 1)
    assert caught.value.code == "no-blob"


def test_adding_again_takes_the_place_of_what_was_there(store, tmp_path):
    add(store, tmp_path, b"damaged")
    add(store, tmp_path)
    assert store.read(NAME, 0, len(DATA)) == DATA


def test_a_setting_of_another_form_is_refused(tmp_path):
    for url in ("ftp://host/files", "file://host/files"):
        with pytest.raises(BlobError) as caught:
            stores.make(url, tmp_path)
        assert caught.value.code == "blob-store"


def test_a_folder_may_be_named(tmp_path):
    for url in (str(tmp_path / "a"), f"file://{tmp_path}/a"):
        stores.make(url, tmp_path / "home")
        assert stores.scratch(url, tmp_path / "home") == tmp_path / "a" / "parts"


def test_a_server_that_is_down_is_not_a_missing_file(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "example")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    store = stores.make("s3://files?endpoint=http://127.0.0.1:1", tmp_path)
    with pytest.raises(BlobError) as caught:
        store.size(NAME)
    assert caught.value.code == "store"


@pytest.mark.django_db
def test_a_tampered_and_a_missing_object_are_never_handed_out(bucket, settings, tmp_path):
    import dataclasses  # noqa: PLC0415 -- one test of many needs it

    client, name, url = bucket
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path, blobs=url)
    kept = blobs.keep([DATA, DATA])
    assert blobs.read(kept.hash) == DATA + DATA
    assert list(blobs.scratch().iterdir()) == []
    [key] = [one["Key"] for one in client.list_objects_v2(Bucket=name)["Contents"]]
    client.put_object(Bucket=name, Key=key, Body=(DATA + DATA)[:-1] + b"!")
    with pytest.raises(BlobError) as caught:
        blobs.read(kept.hash)
    assert caught.value.code == "damaged"
    blobs.keep([DATA, DATA])
    assert blobs.read(kept.hash) == DATA + DATA
    client.delete_object(Bucket=name, Key=key)
    assert not blobs.has(kept.hash)
    with pytest.raises(BlobError) as caught:
        blobs.read(kept.hash)
    assert caught.value.code == "no-blob"
