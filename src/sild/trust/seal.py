"""Sealing a body for named nodes: HPKE X-Wing over a content key, AES-256-GCM over the body.

Records are signed first and sealed afterwards, and name their audience inside the signed part, so a receiver cannot
pass one on as if it had been meant for somebody else.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sild.trust.encoding import b64, canonical, unb64
from sild.trust.errors import SealError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sild.trust.identity import Identity, NodeKeys
    from sild.trust.keys import Pair

HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
VERSION = "sild-seal/1"
# The content key is used for one body only, so that its nonce need not vary (NIST SP 800-38D section 8.2).
NONCE = bytes(12)


def seal(data: bytes, receivers: Sequence[Identity], *, sender: str, context: Mapping[str, str]) -> dict[str, Any]:
    """Seal `data` so that each receiver, and nobody else, can open it.

    Args:
        data: what to seal.
        receivers: whose X-Wing keys the content key is sealed for.
        sender: the node that seals.
        context: facts that sender and receiver both know; a seal moved to another context does not open.

    Returns:
        JSON: `version`, `keys` (the content key sealed for each receiver's `kid`) and `body`.
    """
    key = secrets.token_bytes(32)
    bound = {**context, "sender": sender, "version": VERSION}
    return {
        "version": VERSION,
        "keys": {
            one.seal.kid: b64(HPKE.encrypt(key, one.seal.for_sealing(), _info(bound, one.seal.kid)))
            for one in receivers
        },
        "body": b64(AESGCM(key).encrypt(NONCE, data, canonical(bound))),
    }


def open_sealed(sealed: Mapping[str, Any], keys: NodeKeys, *, sender: str, context: Mapping[str, str]) -> bytes:
    """Open what was sealed for us.

    Raises:
        SealError: code `seal-form`, `not-for-us` or `seal`.
    """
    bound = {**context, "sender": sender, "version": VERSION}
    try:
        version, body = sealed["version"], unb64(sealed["body"])
        given = dict(sealed["keys"].items())
        wrapped = {pair: unb64(given[kid]) for kid, pair in _ours(keys) if kid in given}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SealError("The sealed body has not the form of one.", code="seal-form") from error
    if version != VERSION:
        raise SealError(f"The seal is of version {version}; this node opens {VERSION}.", code="seal-form")
    if not wrapped:
        raise SealError("The body is not sealed for a key of this node.", code="not-for-us")
    pair, sealed_key = next(iter(wrapped.items()))
    try:
        key = HPKE.decrypt(sealed_key, pair.for_opening, _info(bound, pair.public.kid))
        return AESGCM(key).decrypt(NONCE, body, canonical(bound))
    except (InvalidTag, ValueError) as error:
        raise SealError("The seal does not open: it was changed, or made for another place or sender.") from error


def _ours(keys: NodeKeys) -> list[tuple[str, Pair]]:
    """Our sealing keys by id: the current one, then those that overlap with it."""
    return [(pair.public.kid, pair) for pair in keys.seals]


def _info(bound: Mapping[str, str], kid: str) -> bytes:
    """What the wrapped key is bound to (RFC 9180 section 8.1, `info`)."""
    return canonical({**bound, "receiver_kid": kid})
