"""Images of a task: from the user's store or built without any right on the host, and gone afterwards."""

from __future__ import annotations

import pytest

from sandbox.machines import tools
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.pods import store as stores
from sild.sandbox.engine.pods.store import Build, Store

pytestmark = pytest.mark.integration


def test_what_a_dockerfile_starts_from():
    text = """
        ARG BASE=debian:12
        FROM --platform=linux/amd64 ${BASE} AS build
        FROM scratch
        COPY --from=build /a /a
        COPY --from=localhost/other:1 /b /b
        COPY --from=0 /c /c
        from build
        FROM debian:12
    """
    assert stores.bases(text) == ["debian:12", "localhost/other:1"]


def test_a_name_without_a_registry_is_dockers():
    assert stores._full("a:1") == "docker.io/library/a:1"
    assert stores._full("b/a") == "docker.io/b/a"
    assert stores._full("localhost/a") == "localhost/a"
    assert stores._full("ghcr.io/a/b:1") == "ghcr.io/a/b:1"


@pytest.fixture(scope="module")
def store():
    with tools(), Store() as made:
        yield made
        room = made.made.folder
        assert room.exists()
    assert not room.exists()


def test_a_dockerfile_is_built_on_an_image_of_the_users_store(store, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("copied")
    (tmp_path / "Dockerfile").write_text(
        "FROM localhost/tools:1\n"
        "RUN useradd -m -u 1234 ann && wc -l < /proc/net/dev > /interfaces\n"
        'COPY --chown=ann file /home/ann/file\nENV A=b\nUSER ann\nWORKDIR /home/ann\nCMD ["tail", "-f"]\n'
    )
    build = Build(tmp_path, tmp_path / "Dockerfile")
    image = store.build(build)
    assert store.build(build) is image
    assert (image.user, image.folder, image.command) == ("ann", "/home/ann", ("tail", "-f"))
    assert image.environment["A"] == "b"
    assert (image.files / "home" / "ann" / "file").read_text() == "copied"
    assert (image.files / "interfaces").read_text() == "3\n"  # two lines above one interface, the loopback
    assert store.image("localhost/tools:1").files != image.files


def test_a_build_that_fails_and_an_image_that_is_not_there_are_said(store, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM localhost/tools:1\nRUN echo no such luck >&2 && false\n")
    with pytest.raises(IsolationError, match=r"was not built.*SILD_BUILD_NETWORK"):
        store.build(Build(tmp_path, tmp_path / "Dockerfile"))
    with pytest.raises(
        IsolationError, match=r"localhost/missing:1 is not in the store.*podman pull localhost/missing:1"
    ):
        store.image("localhost/missing:1")


def test_copies_are_made_once(store, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to("/etc/shadow")
    first = store.copy(tmp_path / "folder")
    assert store.copy(tmp_path / "folder") == first
    assert (store.made.folder / first.removeprefix("/run/") / "link").is_symlink()


def test_without_podman_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(IsolationError, match="apt-get install podman"):
        stores.known("a")
