"""Secret files sealed apart: the right passphrase or key opens them, nothing else does."""

import orjson
import pytest

from sild.trust.errors import SealError
from sild.trust.escrow import new_recovery_key, seal, unseal

pytestmark = pytest.mark.unit
FILES = {"keys/node.key": b"secret \xff", "node.toml": b'node = "tallinn"'}


def test_a_passphrase_opens_what_was_sealed_under_it():
    data = seal(FILES, b"correct horse")
    assert b"tallinn" not in data
    assert unseal(data, b"correct horse") == FILES
    with pytest.raises(SealError) as caught:
        unseal(data, b"battery staple")
    assert caught.value.code == "seal"


def test_a_recovery_key_opens_what_was_sealed_for_it():
    pair = new_recovery_key()
    data = seal(FILES, pair.public)
    assert unseal(data, pair) == FILES
    for opener in (new_recovery_key(), b"passphrase"):
        with pytest.raises(SealError) as caught:
            unseal(data, opener)
        assert caught.value.code == "not-for-us"


@pytest.mark.parametrize("member", ["nonce", "sealed", "key", "kid"])
def test_what_was_changed_does_not_open(member):
    pair = new_recovery_key()
    content = orjson.loads(seal(FILES, pair.public))
    content[member] = ("B" if content[member][0] == "A" else "A") + content[member][1:]
    with pytest.raises(SealError):
        unseal(orjson.dumps(content), pair)


OTHER = orjson.dumps({**orjson.loads(seal({}, b"x")), "format": "sild-escrow/9"})


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", OTHER])
def test_what_is_none_is_refused(data):
    with pytest.raises(SealError) as caught:
        unseal(data, b"x")
    assert caught.value.code == "seal-form"
