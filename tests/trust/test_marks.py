"""How far a log was signed, as two files keep it."""

import os

import pytest

from sild.trust.checkpoint import Checkpoint, sign_checkpoint
from sild.trust.marks import Marks
from sild.trust.tree import leaf_hash

pytestmark = pytest.mark.integration


@pytest.fixture
def marks(tmp_path):
    (tmp_path / "run").mkdir()
    return Marks.of(tmp_path / "home", tmp_path / "run")


@pytest.fixture(scope="module")
def signed(tallinn):
    return {
        size: sign_checkpoint(tallinn, Checkpoint("tallinn/log", size, leaf_hash(bytes([size]))), timestamp=1)
        for size in (1, 2, 3)
    }


def test_a_node_that_never_signed_has_none(marks):
    assert marks.furthest() is None
    assert marks.text() == ""
    assert not marks.is_continuous
    assert marks.contradiction is None


def test_a_mark_goes_forward_only(marks, signed):
    for size in (2, 1, 3, 2):
        marks.hold(signed[size], begin=True)
    assert marks.furthest().size == 3
    assert marks.text() == signed[3]
    assert marks.lasting.stat().st_mode & 0o777 == 0o600


def test_what_leaves_while_it_is_in_doubt_leaves_it_in_doubt(marks, signed):
    marks.hold(signed[1])
    assert marks.furthest().size == 1
    assert not marks.is_continuous
    marks.hold(signed[1], begin=True)
    assert marks.is_continuous
    marks.hold(signed[2])
    assert marks.fleeting.read_text() == signed[2]


def test_a_folder_that_was_restored_is_behind_the_memory_of_the_machine(marks, signed):
    marks.hold(signed[3], begin=True)
    marks.lasting.write_text(signed[1])
    assert marks.furthest().size == 3


def test_a_reboot_forgets_the_one_and_not_the_other(marks, signed):
    marks.hold(signed[2], begin=True)
    marks.fleeting.unlink()
    assert not marks.is_continuous
    assert marks.furthest().size == 2


@pytest.mark.parametrize("rubbish", [b"", b"x", b"\xff", b"tallinn/log\n-1\nAA==\n\n\xe2\x80\x94 a AAAAAAA=\n"])
def test_a_damaged_file_says_nothing(marks, signed, rubbish):
    marks.hold(signed[2], begin=True)
    marks.fleeting.write_bytes(rubbish)
    assert not marks.is_continuous
    marks.hold(signed[1], begin=True)
    assert marks.is_continuous
    assert marks.furthest().size == 2


def test_a_file_of_somebody_else_says_nothing(marks, signed):
    marks.hold(signed[2], begin=True)
    if os.geteuid() == 0:
        os.chown(marks.fleeting, 12345, 12345)
    else:
        marks.fleeting.unlink()
        marks.fleeting.symlink_to("/etc/passwd")
    assert not marks.is_continuous


def test_what_contradicts_the_log_is_kept(marks, signed):
    marks.hold(signed[1], begin=True)
    marks.contradict(signed[3])
    assert marks.contradiction.size == 3
    assert marks.furthest().size == 1
