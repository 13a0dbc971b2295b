"""Keys at rest."""

import pytest

from sild.trust import keystore
from sild.trust.errors import IdentityError
from sild.trust.keys import Pair

pytestmark = pytest.mark.integration


@pytest.fixture
def pairs():
    return [Pair.generate("Ed25519"), Pair.generate("Ed25519"), Pair.generate("X-Wing")]


@pytest.mark.parametrize("passphrase", [None, b"three words here"])
def test_keys_are_read_back(pairs, tmp_path, passphrase):
    keystore.write(tmp_path / "keys", "node.key", pairs, passphrase)
    assert keystore.read(tmp_path / "keys" / "node.key", passphrase) == pairs


def test_only_the_owner_can_read_them(pairs, tmp_path):
    keystore.write(tmp_path / "keys", "node.key", pairs, None)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "node.key").stat().st_mode & 0o777 == 0o600


def test_a_seed_is_not_in_the_file_when_there_is_a_passphrase(pairs, tmp_path):
    from sild.trust.encoding import b64  # noqa: PLC0415 -- one test of many needs it

    keystore.write(tmp_path, "node.key", pairs, b"three words here")
    assert b64(pairs[0].seed).encode() not in (tmp_path / "node.key").read_bytes()


def test_keys_are_never_written_over(pairs, tmp_path):
    keystore.write(tmp_path, "node.key", pairs, None)
    with pytest.raises(IdentityError, match="already"):
        keystore.write(tmp_path, "node.key", pairs, None)


def test_keys_are_replaced_as_a_whole(pairs, tmp_path):
    keystore.write(tmp_path, "node.key", pairs, None)
    keystore.replace(tmp_path / "node.key", pairs[1:], b"three words here")
    assert keystore.read(tmp_path / "node.key", b"three words here") == pairs[1:]
    assert [path.name for path in tmp_path.iterdir()] == ["node.key"]


def test_keys_that_others_can_read_are_refused(pairs, tmp_path):
    keystore.write(tmp_path, "node.key", pairs, None)
    (tmp_path / "node.key").chmod(0o644)
    with pytest.raises(IdentityError, match="chmod 600"):
        keystore.read(tmp_path / "node.key", None)


@pytest.mark.parametrize("passphrase", [None, b"another"])
def test_locked_keys_need_their_passphrase(pairs, tmp_path, passphrase):
    keystore.write(tmp_path, "node.key", pairs, b"three words here")
    with pytest.raises(IdentityError) as caught:
        keystore.read(tmp_path / "node.key", passphrase)
    assert caught.value.code == "keys-locked"


def test_missing_keys_say_how_to_make_them(tmp_path):
    with pytest.raises(IdentityError, match="sild init"):
        keystore.read(tmp_path / "node.key", None)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"seeds": [["Ed25519", "?"]]}', b'{"locked": "", "nonce": ""}']
)
def test_damaged_keys_are_not_used(tmp_path, content):
    (tmp_path / "node.key").write_bytes(content)
    (tmp_path / "node.key").chmod(0o600)
    with pytest.raises(IdentityError, match="damaged"):
        keystore.read(tmp_path / "node.key", b"any")
