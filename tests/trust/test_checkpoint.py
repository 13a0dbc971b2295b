"""Checkpoints and cosignatures: both signatures are needed, each covers size, root and origin."""

import time

import pytest
from dilithium_py.ml_dsa import ML_DSA_44

from sild.trust import note
from sild.trust.checkpoint import (
    Checkpoint,
    add_cosignature,
    cosign,
    cosigned_message,
    is_cosigned_by,
    open_checkpoint,
    sign_checkpoint,
    verify_cosignature,
)
from sild.trust.errors import SignatureError
from sild.trust.tree import leaf_hash

pytestmark = pytest.mark.unit

NOW = int(time.time())
ROOT = leaf_hash(b"root")


@pytest.fixture(scope="module")
def signed(tallinn):
    return sign_checkpoint(tallinn, Checkpoint("tallinn/log", 7, ROOT), timestamp=NOW)


def test_what_was_signed_opens_to_the_same_checkpoint(signed, tallinn_identity):
    assert open_checkpoint(signed, tallinn_identity) == Checkpoint("tallinn/log", 7, ROOT)


def test_the_text_is_the_specifications():
    root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    text = f"example.com/behind-the-sofa\n20852163\n{root}\n"
    assert Checkpoint.parse(text).text == text


def test_the_message_of_a_cosignature_is_laid_out_as_the_specification_says():
    message = cosigned_message("w", 258, Checkpoint("log", 3, ROOT))
    expected = b"subtree/v1\n\x00" + b"\x01w" + b"\0\0\0\0\0\0\x01\x02" + b"\x03log" + bytes(8) + bytes(7) + b"\x03"
    assert message == expected + ROOT


def test_an_independent_implementation_of_ml_dsa_verifies_the_logs_signature(signed, tallinn):
    _text, lines = note.split(signed)
    line = next(line for line in lines if len(line.signature) > 1000)
    message = cosigned_message("tallinn/log", NOW, Checkpoint("tallinn/log", 7, ROOT))
    assert line.signature[:8] == NOW.to_bytes(8, "big")
    assert ML_DSA_44.verify(tallinn.log["ML-DSA-44"].public.raw, message, line.signature[8:])


@pytest.mark.parametrize(
    "text",
    [
        "tallinn/log\n07\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "tallinn/log\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "tallinn/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "tallinn/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "tallinn/log\n7\nAAAA\n",
        "tallinn/log\n7\n",
        "tallinn/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nextension\n",
        f"tallinn/log\n{1 << 64}\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text):
    with pytest.raises(SignatureError):
        Checkpoint.parse(text)


@pytest.mark.parametrize("kept", [0, 1])
def test_a_checkpoint_with_one_signature_stripped_does_not_open(signed, tallinn_identity, kept):
    text, lines = note.split(signed)
    with pytest.raises(SignatureError, match="missing"):
        open_checkpoint(note.join(text, [lines[kept]]), tallinn_identity)


@pytest.mark.parametrize("place", [0, 1])
def test_a_checkpoint_with_a_flipped_bit_in_a_signature_does_not_open(signed, tallinn_identity, place):
    text, lines = note.split(signed)
    line = lines[place]
    lines[place] = note.Line(line.name, line.key_id, line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    with pytest.raises(SignatureError):
        open_checkpoint(note.join(text, lines), tallinn_identity)


def test_signatures_do_not_carry_over_to_another_size(signed, tallinn_identity):
    with pytest.raises(SignatureError):
        open_checkpoint(signed.replace("\n7\n", "\n8\n"), tallinn_identity)


def test_a_changed_timestamp_breaks_the_lattice_signature(signed, tallinn_identity):
    text, lines = note.split(signed)
    line = lines[1]
    lines[1] = note.Line(line.name, line.key_id, bytes(8) + line.signature[8:])
    with pytest.raises(SignatureError):
        open_checkpoint(note.join(text, lines), tallinn_identity)


def test_a_signature_given_twice_is_refused(signed, tallinn_identity):
    text, lines = note.split(signed)
    with pytest.raises(SignatureError, match="twice"):
        open_checkpoint(note.join(text, [lines[0], *lines]), tallinn_identity)


def test_another_nodes_checkpoint_is_not_ours(signed, kyiv_identity):
    with pytest.raises(SignatureError, match="not of kyiv/log"):
        open_checkpoint(signed, kyiv_identity)


def test_signatures_of_unknown_keys_are_ignored(signed, tallinn_identity, kyiv):
    noted = add_cosignature(signed, cosign(signed, kyiv, timestamp=NOW))
    assert open_checkpoint(noted, tallinn_identity).size == 7


def test_a_witness_vouches_for_one_checkpoint(signed, tallinn, kyiv, kyiv_identity):
    line = cosign(signed, kyiv, timestamp=NOW)
    assert verify_cosignature(signed, line, kyiv_identity) == NOW
    other = sign_checkpoint(tallinn, Checkpoint("tallinn/log", 8, ROOT), timestamp=NOW)
    with pytest.raises(SignatureError):
        verify_cosignature(other, line, kyiv_identity)


def test_a_witness_line_of_somebody_else_is_not_taken_for_the_witnesss(signed, tallinn, kyiv_identity):
    line = cosign(signed, tallinn, timestamp=NOW)
    with pytest.raises(SignatureError):
        verify_cosignature(signed, line, kyiv_identity)


def test_a_cosigned_checkpoint_says_so_and_a_false_line_is_refused(signed, kyiv, kyiv_identity):
    assert not is_cosigned_by(signed, kyiv_identity)
    line = cosign(signed, kyiv, timestamp=NOW)
    assert is_cosigned_by(add_cosignature(signed, line), kyiv_identity)
    parsed = note.parse_line(line)
    forged = str(note.Line(parsed.name, parsed.key_id, parsed.signature[:-1] + b"\x00"))
    with pytest.raises(SignatureError):
        is_cosigned_by(add_cosignature(signed, forged), kyiv_identity)
