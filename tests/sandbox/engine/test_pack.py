"""Packages: the same bytes for the same files, and nothing hostile comes out."""

from __future__ import annotations

import io
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sild.sandbox.engine import pack
from sild.sandbox.engine.errors import PackError
from sild.trust.folder import digest

pytestmark = pytest.mark.integration


def zipped(*entries):
    """A zip with (name, content, mode) entries, as somebody hostile would write it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


names = st.lists(
    st.text("abcxyz äї-_.", min_size=1, max_size=6).filter(lambda part: part not in {".", ".."}), min_size=1, max_size=3
)


@settings(max_examples=60)
@given(st.dictionaries(names.map("/".join), st.binary(max_size=200), min_size=1, max_size=6))
def test_a_folder_comes_out_as_it_went_in(files):
    with tempfile.TemporaryDirectory() as base:
        source, target = Path(base, "source"), Path(base, "target")
        for name, content in files.items():
            path = source / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError:  # one of the names is a folder of another: the file system says so too
                continue
        packed = pack.pack(source)
        pack.unpack(packed, target)
        assert digest(target) == digest(source)
        assert pack.pack(target) == packed
        assert {stat.S_IMODE(path.stat().st_mode) for path in target.rglob("*")} == {0o755}


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_what_is_no_zip_is_refused(data):
    with tempfile.TemporaryDirectory() as base, pytest.raises(PackError):
        pack.unpack(data, Path(base, "target"))


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_package_is_refused_or_comes_out_whole(data):
    packed = bytearray(zipped(("a", b"one" * 50, 0o100644), ("b/c", b"two", 0o100644)))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as base:
        target = Path(base, "target")
        try:
            pack.unpack(bytes(packed), target)
        except PackError:
            assert not target.exists()
        assert not list(Path(base).glob("[!t]*"))


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../a", "a/../../b", "a//b", "./a", "a\\b", "", "a\n", "a/" + "b" * 300, "a/__pycache__/b.pyc"],
)
def test_a_name_that_leads_elsewhere_or_hides_something_is_refused(tmp_path, name):
    with pytest.raises(PackError):
        pack.unpack(zipped((name, b"x", 0o100644)), tmp_path / "target")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o666, stat.S_IFIFO | 0o666, stat.S_IFSOCK | 0o666]
)
def test_a_link_or_a_special_file_is_refused(tmp_path, mode):
    with pytest.raises(PackError, match="link or a special file"):
        pack.unpack(zipped(("a", b"/etc/passwd", mode)), tmp_path / "target")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a", "a/b"])
def test_a_name_twice_or_below_a_file_is_refused(tmp_path, second):
    with pytest.raises(PackError):
        pack.unpack(zipped(("a", b"1", 0o100644), (second, b"2", 0o100644)), tmp_path / "target")


def test_bombs_are_refused_before_they_are_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "MAX_UNPACKED", 10_000)
    monkeypatch.setattr(pack, "MAX_FILES", 5)
    with pytest.raises(PackError, match="unpack to more"):
        pack.unpack(zipped(("a", bytes(20_000), 0o100644)), tmp_path / "target")
    with pytest.raises(PackError, match="at most 5"):
        pack.unpack(zipped(*((str(number), b"", 0o100644) for number in range(6))), tmp_path / "target")
    monkeypatch.setattr(pack, "MAX_PACKED", 10)
    with pytest.raises(PackError, match="larger"):
        pack.unpack(zipped(("a", b"x", 0o100644)), tmp_path / "target")


def test_a_size_that_is_not_true_is_refused(tmp_path):
    packed = zipped(("a", b"x" * 1000, 0o100644))
    at = packed.rindex(b"PK\x01\x02") + 24
    with pytest.raises(PackError):
        pack.unpack(packed[:at] + (5).to_bytes(4, "little") + packed[at + 4 :], tmp_path / "target")


def test_a_package_is_not_unpacked_over_other_files(tmp_path):
    (tmp_path / "there").write_text("x")
    with pytest.raises(PackError, match="not empty"):
        pack.unpack(zipped(("a", b"x", 0o100644)), tmp_path)


def test_a_folder_with_a_link_with_nothing_or_too_much_is_not_packed(tmp_path, monkeypatch):
    with pytest.raises(PackError, match="no files"):
        pack.pack(tmp_path)
    (tmp_path / "a").write_bytes(bytes(100))
    (tmp_path / "b").write_bytes(bytes(100))
    monkeypatch.setattr(pack, "MAX_FILES", 1)
    with pytest.raises(PackError, match="at most 1"):
        pack.pack(tmp_path)
    monkeypatch.setattr(pack, "MAX_FILES", 10)
    monkeypatch.setattr(pack, "MAX_UNPACKED", 150)
    with pytest.raises(PackError, match="over 150"):
        pack.pack(tmp_path)
    (tmp_path / "c").symlink_to("/etc/passwd")
    with pytest.raises(PackError, match="link"):
        pack.pack(tmp_path)


def test_a_copy_leaves_out_what_the_digest_leaves_out(tmp_path):
    source = tmp_path / "source"
    (source / "__pycache__").mkdir(parents=True)
    (source / "__pycache__" / "main.pyc").write_bytes(b"hidden")
    (source / "main.py").write_bytes(b"shown")
    pack.copy(source, tmp_path / "target")
    assert [path.name for path in (tmp_path / "target").rglob("*")] == ["main.py"]
