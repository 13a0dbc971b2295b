"""Container images: by archive or by digest, never by tag; from Podman's store, never from elsewhere."""

from __future__ import annotations

import subprocess

import pytest

from sandbox.images import tar, write_archive
from sild.sandbox.engine.containers import images
from sild.sandbox.engine.containers.arguments import CRUN
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.isolation import Job

pytestmark = pytest.mark.integration

DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store of Podman's for this test alone."""
    config = tmp_path / "storage.conf"
    folders = f'graphroot = "{tmp_path}/store"\nrunroot = "{tmp_path}/run"'
    config.write_text(f'[storage]\ndriver = "vfs"\n{folders}\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(config))
    return tmp_path


def test_a_name_without_a_digest_is_no_image():
    assert images.is_reference(f"registry.example.org:5000/a/b@{DIGEST}")
    assert images.is_reference(f"a@{DIGEST}")
    for word in (
        "a",
        "a:latest",
        f"a@{DIGEST[:-1]}",
        f"A@{DIGEST}",
        f"--all@{DIGEST}",
        f"a b@{DIGEST}",
        f"a-@{DIGEST}",
    ):
        assert not images.is_reference(word), word


def test_an_archive_is_a_file_of_the_folder():
    assert images.is_archive("image.tar")
    assert images.is_archive("images/v1.2/image.tar")
    for word in ("/image.tar", "../image.tar", "a/../../image.tar", "image.tgz", "-image.tar", ".tar"):
        assert not images.is_archive(word), word


def test_an_archive_is_named_with_its_digest_and_a_reference_is_its_own_name(tmp_path):
    (tmp_path / "image.tar").write_bytes(b"")
    assert images.named(tmp_path, "image.tar").startswith("image.tar, sha256:e3b0c44298fc1c14")
    assert images.named(tmp_path, f"a@{DIGEST}") == f"a@{DIGEST}"


def test_an_image_by_digest_comes_from_the_store(store):
    write_archive(store / "image.tar", {"true": b"#!"})
    name = "localhost/example"
    subprocess.run(["podman", "import", "--quiet", "-", f"{name}:1"], input=tar({"a": b""}), check=True)
    digest = subprocess.run(
        ["podman", "image", "inspect", "--format", "{{.Digest}}", f"{name}:1"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    images.put(f"{name}@{digest}", store / "out.tar")
    assert (store / "out.tar").stat().st_size > 0
    with pytest.raises(IsolationError, match=r"is not in the store.*podman pull"):
        images.put(f"{name}@{DIGEST}", store / "other.tar")
    with pytest.raises(IsolationError, match="is not in the store"):
        Podman(CRUN).start(Job((), image=f"{name}@{DIGEST}"))


def test_an_archive_that_cannot_be_written_is_said(store):
    subprocess.run(["podman", "import", "--quiet", "-", "localhost/example:1"], input=tar({"a": b""}), check=True)
    digest = subprocess.run(
        ["podman", "image", "inspect", "--format", "{{.Digest}}", "localhost/example:1"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with pytest.raises(IsolationError, match="could not be read from Podman's store"):
        images.put(f"localhost/example@{digest}", store / "no" / "folder" / "out.tar")


def test_without_podman_it_is_said_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(IsolationError, match="apt-get install podman"):
        images.put(f"a@{DIGEST}", tmp_path / "out.tar")
