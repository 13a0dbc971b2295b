"""The digest of a folder."""

import pytest

from sild.trust.folder import digest, manifest

pytestmark = pytest.mark.integration


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "deep" / "b.txt").write_text("b")
    return tmp_path


def test_files_are_named_by_their_path_and_hash(folder):
    assert list(manifest(folder)) == ["a.txt", "deep/b.txt"]
    assert manifest(folder)["a.txt"] == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_any_change_is_another_digest(folder):
    before = digest(folder)
    (folder / "a.txt").rename(folder / "c.txt")
    renamed = digest(folder)
    (folder / "c.txt").write_text("b")
    assert len({before, renamed, digest(folder)}) == 3


def test_what_python_leaves_behind_does_not_count(folder):
    before = digest(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_text("x")
    assert digest(folder) == before


def test_a_link_could_stand_for_anything_and_is_refused(folder):
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="link"):
        digest(folder)
