"""Users of an image: names, numbers and groups by its own files, which no link leads out of."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.pods import users
from sild.sandbox.engine.pods.users import User

pytestmark = pytest.mark.unit

PASSWD = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:100:Ann:/home/ann:/bin/sh\nbroken:x:abc:1::/:/bin/sh\nshort:x\n"
GROUP = "root:x:0:\nusers:x:100:\nstaff:x:50:ann,bob\nbad:x:y:ann\n"


@pytest.mark.parametrize(
    ("spec", "user"),
    [
        ("", User(0, 0, (), "/root")),
        ("root", User(0, 0, (), "/root")),
        ("ann", User(1000, 100, (50,), "/home/ann")),
        ("1000", User(1000, 100, (50,), "/home/ann")),
        ("ann:staff", User(1000, 50, (), "/home/ann")),
        ("1000:7", User(1000, 7, (), "/home/ann")),
        ("4242", User(4242, 0, (), "/")),
        ("nobody-of-that-name", None),
        ("broken", None),
        ("short", None),
        ("ann:no-such-group", None),
    ],
)
def test_who_is_meant(spec, user):
    assert users.find(spec, PASSWD, GROUP) == user


def test_a_file_is_read_through_no_link(tmp_path):
    (tmp_path / "secret").write_text("of the host")
    etc = tmp_path / "root" / "etc"
    etc.mkdir(parents=True)
    (etc / "passwd").symlink_to(tmp_path / "secret")
    (etc / "group").write_text(GROUP)
    (etc / "folder").mkdir()
    assert users.read(tmp_path / "root", "passwd") == ""
    assert users.read(tmp_path / "root", "group") == GROUP
    assert users.read(tmp_path / "root", "folder") == ""
    assert users.read(tmp_path / "root", "missing") == ""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "etc").symlink_to(etc)
    assert users.read(tmp_path / "other", "group") == ""
