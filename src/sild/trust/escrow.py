"""A few small secret files, sealed apart from everything else: under a passphrase, or for a recovery key."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sild.trust.encoding import b64, canonical, unb64
from sild.trust.errors import SealError
from sild.trust.keys import X_WING, Pair, Public
from sild.trust.keystore import NONCE_BYTES, SCRYPT, stretch
from sild.trust.seal import HPKE

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "sild-escrow/1"
Lock = bytes | Public
Opener = bytes | Pair


def seal(files: Mapping[str, bytes], lock: Lock) -> bytes:
    """Seal files by name.

    Args:
        files: what to seal.
        lock: a passphrase, or the X-Wing key of whoever will open it.

    Returns:
        JSON.
    """
    plain = orjson.dumps({name: b64(data) for name, data in files.items()})
    nonce = secrets.token_bytes(NONCE_BYTES)
    head: dict[str, Any] = {"format": FORMAT, "nonce": b64(nonce)}
    if isinstance(lock, Public):
        key = secrets.token_bytes(32)
        head |= {"kid": lock.kid, "key": b64(HPKE.encrypt(key, lock.for_sealing(), _info(lock.kid)))}
    else:
        salt = secrets.token_bytes(16)
        key, head = stretch(lock, salt, SCRYPT), {**head, "scrypt": {**SCRYPT, "salt": b64(salt)}}
    return canonical({**head, "sealed": b64(AESGCM(key).encrypt(nonce, plain, canonical(head)))})


def unseal(data: bytes, opener: Opener) -> dict[str, bytes]:
    """Open what `seal` made.

    Args:
        data: the JSON.
        opener: the passphrase, or the recovery key with its private half.

    Raises:
        SealError: code `seal-form`, `not-for-us` or `seal`.
    """
    try:
        content = orjson.loads(data)
        sealed, nonce, found = unb64(content.pop("sealed")), unb64(content["nonce"]), content["format"]
        key = _key(content, opener)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SealError(f"The sealed keys cannot be read: {error}.", code="seal-form") from error
    if found != FORMAT:
        raise SealError(f"The format of the sealed keys is {found}, not {FORMAT}.", code="seal-form")
    try:
        plain: dict[str, str] = orjson.loads(AESGCM(key).decrypt(nonce, sealed, canonical(content)))
    except InvalidTag as error:
        raise SealError("The sealed keys do not open: another passphrase, or they were changed.") from error
    return {name: unb64(text) for name, text in plain.items()}


def _key(head: dict[str, Any], opener: Opener) -> bytes:
    """The content key."""
    if isinstance(opener, Pair):
        if head.get("kid") != opener.public.kid:
            raise SealError("The keys are not sealed for that recovery key.", code="not-for-us")
        try:
            return HPKE.decrypt(unb64(head["key"]), opener.for_opening, _info(opener.public.kid))
        except InvalidTag as error:
            raise SealError("The sealed keys do not open: they were changed.") from error
    if "scrypt" not in head:
        raise SealError("The keys are sealed for a recovery key, not under a passphrase.", code="not-for-us")
    return stretch(opener, unb64(head["scrypt"]["salt"]), head["scrypt"])


def new_recovery_key() -> Pair:
    """A key that opens what was sealed for it; its private half belongs where the node is not."""
    return Pair.generate(X_WING)


def _info(kid: str) -> bytes:
    """What the sealed key is bound to (RFC 9180 section 8.1, `info`)."""
    return canonical({"format": FORMAT, "receiver_kid": kid})
