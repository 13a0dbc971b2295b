"""Signed notes, held against the examples in the C2SP specification."""

import contextlib
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.trust import note
from sild.trust.errors import SignatureError
from sild.trust.keys import Public

pytestmark = pytest.mark.unit

# signed-note, Example: the verifier key and the note that it verifies.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def test_the_specifications_example_verifies_with_its_key():
    name, identifier, encoded = VKEY.split("+", 2)
    algorithm, *public = b64decode(encoded)
    text, [line] = note.split(NOTE)
    assert line.key_id == bytes.fromhex(identifier) == note.key_id(name, algorithm, bytes(public))
    assert Public("Ed25519", bytes(public)).verifies(line.signature, text.encode())


def test_taking_a_note_apart_and_putting_it_together_changes_nothing():
    assert note.join(*note.split(NOTE)) == NOTE


def test_the_text_may_have_empty_lines_of_its_own():
    text, lines = note.split("first\n\nsecond\n\n— a AAAAAAA=\n")
    assert text == "first\n\nsecond\n"
    assert [line.name for line in lines] == ["a"]


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n— a AAAAAAA=\n",
        "text\n\n— a AAAAAAA=",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n— a\n",
        "text\n\n— a b AAAAAAA=\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n— a\u2003b AAAAAAA=\n",
        "text\n\n— a AAAA\n",
        "text\n\n— a not-base64\n",
        "te\rxt\n\n— a AAAAAAA=\n",
        "te\x00xt\n\n— a AAAAAAA=\n",
        "text\n\n" + "— a AAAAAAA=\n" * 65,
        "text\n" * 60_000 + "\n— a AAAAAAA=\n",
    ],
)
def test_what_is_no_note_is_refused(broken):
    with pytest.raises(SignatureError):
        note.split(broken)


@given(st.text())
def test_no_text_makes_the_parser_fail_in_any_other_way(text):
    with contextlib.suppress(SignatureError):
        note.split(text)
