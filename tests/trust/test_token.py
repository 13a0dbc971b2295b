"""Keys on a real token: SoftHSM, which does Ed25519 and not ML-DSA."""

import subprocess
from datetime import UTC, datetime

import pytest

from sild.trust import rotation, token
from sild.trust.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from sild.trust.errors import IdentityError
from sild.trust.identity import Identity, NodeKeys
from sild.trust.token import TokenPair, TokenUri, obtain
from sild.trust.tree import leaf_hash

pytestmark = pytest.mark.integration
MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@pytest.fixture(scope="module")
def hsm(tmp_path_factory):
    """A token called sild with the PIN 1234; the library reads its configuration once in the life of a process."""
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        patch.setenv("SILD_TOKEN_MODULE", MODULE)
        words = ["softhsm2-util", "--init-token", "--free", "--label", "sild", "--pin", "1234", "--so-pin", "567890"]
        subprocess.run(words, check=True, capture_output=True)
        yield folder


@pytest.fixture(autouse=True)
def pin(monkeypatch):
    monkeypatch.setenv("SILD_TOKEN_PIN", "1234")


@pytest.fixture(scope="module")
def on_token(hsm):
    """A node whose root and log are on the token."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SILD_TOKEN_PIN", "1234")
        tokens = {role: obtain(f"pkcs11:token=sild;object={role}") for role in ("root", "log")}
        return NodeKeys.generate("tallinn", now=datetime.now(UTC), tokens=tokens)


def test_a_key_is_made_once_and_found_again(hsm):
    made = obtain("pkcs11:token=sild;object=a%20key;id=%01%02")
    assert made.public == obtain("pkcs11:token=sild;object=a%20key;type=private").public
    assert made.public == obtain("pkcs11:token=sild;id=%01%02").public
    assert made.public != obtain("pkcs11:token=sild;object=another").public
    assert made.public.verifies(made.sign(b"hello"), b"hello")


def test_the_private_half_does_not_leave_the_token(hsm):
    import pkcs11  # noqa: PLC0415 -- one test of many looks behind the scenes

    obtain("pkcs11:token=sild;object=kept")
    session = token._session(MODULE, "sild", "", "1234")
    key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label="kept")
    assert key[pkcs11.Attribute.SENSITIVE]
    assert not key[pkcs11.Attribute.EXTRACTABLE]
    with pytest.raises(pkcs11.exceptions.PKCS11Error):
        key[pkcs11.Attribute.VALUE]


def test_root_and_log_on_a_token_sign_what_everybody_verifies(on_token):
    identity = Identity.parse(on_token.document, on=datetime.now(UTC).date())
    text = sign_checkpoint(on_token, Checkpoint("tallinn/log", 1, leaf_hash(b"x")), timestamp=1)
    assert open_checkpoint(text, identity).size == 1


def test_the_files_hold_where_the_key_is_and_no_seed_of_it(on_token, tmp_path):
    on_token.save(tmp_path / "keys", b"a passphrase")
    loaded = NodeKeys.load(tmp_path / "keys", b"a passphrase")
    assert loaded.log["Ed25519"] == on_token.log["Ed25519"]
    assert isinstance(loaded.log["Ed25519"], TokenPair)
    assert loaded.log["Ed25519"].seed == b""
    root = rotation.read_root(tmp_path / "keys", b"a passphrase")
    rotated = rotation.rotate(loaded, root, ["seal"], now=datetime.now(UTC))
    assert Identity.parse(rotated.document, on=datetime.now(UTC).date()).serial == 2


def test_reading_keys_needs_no_token_and_no_pin(on_token, tmp_path, monkeypatch):
    on_token.save(tmp_path / "keys")
    monkeypatch.delenv("SILD_TOKEN_PIN")
    monkeypatch.delenv("SILD_TOKEN_MODULE")
    assert NodeKeys.load(tmp_path / "keys").log["Ed25519"].public == on_token.log["Ed25519"].public


def test_the_log_moves_to_a_token_by_rotation(hsm, tallinn):
    pair = obtain("pkcs11:token=sild;object=log-2")
    rotated = rotation.rotate(tallinn, tallinn.root, ["log"], now=datetime.now(UTC), token=pair)
    assert rotated.log["Ed25519"] == pair
    assert rotated.log["ML-DSA-44"].seed


def test_a_role_without_ed25519_has_no_place_for_it(hsm, tallinn):
    pair = obtain("pkcs11:token=sild;object=seal")
    with pytest.raises(IdentityError, match="X-Wing"):
        rotation.rotate(tallinn, tallinn.root, ["seal"], now=datetime.now(UTC), token=pair)


# python-pkcs11 says of the search that it began in the lost session that it cannot be ended.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_session_that_was_lost_is_opened_again(hsm):
    pair = obtain("pkcs11:token=sild;object=lost")
    token._session(MODULE, "sild", "", "1234").close()
    assert pair.public.verifies(pair.sign(b"x"), b"x")


def test_another_key_in_its_place_is_noticed(hsm):
    pair = obtain("pkcs11:token=sild;object=original")
    obtain("pkcs11:token=sild;object=swapped")
    with pytest.raises(IdentityError, match="another key"):
        TokenPair("Ed25519", b"", "pkcs11:token=sild;object=swapped", pair.point).sign(b"x")


def test_the_pin_may_be_in_a_file_that_nobody_else_reads(hsm, tmp_path, monkeypatch):
    monkeypatch.delenv("SILD_TOKEN_PIN")
    file = tmp_path / "pin"
    uri = f"pkcs11:token=sild;object=by-file?module-path={MODULE}&pin-source=file:{file}"
    with pytest.raises(IdentityError, match="should hold the PIN"):
        obtain(uri)
    file.write_text("1234\n")
    file.chmod(0o644)
    with pytest.raises(IdentityError, match="chmod 600"):
        obtain(uri)
    file.chmod(0o600)
    assert obtain(uri).point


@pytest.mark.parametrize(
    ("uri", "pin", "says"),
    [
        ("pkcs11:token=none;object=x", "1234", "Is it there"),
        ("pkcs11:token=sild;object=x", "9999", "pin incorrect"),
        ("pkcs11:token=sild;object=x", "", "SILD_TOKEN_PIN"),
    ],
)
def test_a_token_that_is_away_or_locked_says_so(hsm, monkeypatch, uri, pin, says):
    monkeypatch.setenv("SILD_TOKEN_PIN", pin)
    token._close_all()
    with pytest.raises(IdentityError, match=says):
        obtain(uri)


def test_without_a_module_it_says_what_to_set(hsm, monkeypatch):
    monkeypatch.delenv("SILD_TOKEN_MODULE")
    with pytest.raises(IdentityError, match="SILD_TOKEN_MODULE"):
        obtain("pkcs11:token=sild;object=x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "file:token=a;object=b",
        "pkcs11:token=a",
        "pkcs11:token",
        "pkcs11:object=a;colour=red",
        "pkcs11:object=a;type=public",
        "pkcs11:object=a?pin-value=1234",
        "pkcs11:object=a?slot=1",
    ],
)
def test_what_is_no_uri_of_a_key_is_refused(text):
    with pytest.raises(IdentityError) as refused:
        TokenUri.parse(text)
    assert refused.value.code == "token-uri"


def test_a_uri_is_read_as_rfc_7512_writes_it():
    uri = TokenUri.parse("pkcs11:token=The%20Token;serial=4321;object=my-key;id=%69%95?module-path=/usr/lib/p.so")
    assert (uri.token, uri.serial, uri.object, uri.id) == ("The Token", "4321", "my-key", b"i\x95")
    assert uri.module == "/usr/lib/p.so"
