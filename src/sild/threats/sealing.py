"""Secrets of other servers, sealed with the node's own key, so that a copy of the database gives none away."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _

from sild.threats.errors import FeedError

if TYPE_CHECKING:
    from uuid import UUID

_NONCE = 12


def seal(secret: str, owner: UUID) -> str:
    """A secret as the database keeps it; it opens for the same owner alone. Nothing stays nothing."""
    if not secret:
        return ""
    nonce = os.urandom(_NONCE)
    return b64encode(nonce + _cipher().encrypt(nonce, secret.encode(), owner.bytes)).decode()


def unseal(sealed: str, owner: UUID) -> str:
    """The secret again.

    Raises:
        FeedError: it was sealed with another key, or for another owner.
    """
    if not sealed:
        return ""
    try:
        data = b64decode(sealed, validate=True)
        return _cipher().decrypt(data[:_NONCE], data[_NONCE:], owner.bytes).decode()
    except (binascii.Error, InvalidTag, ValueError) as error:
        sentence = _("The secret of this feed was sealed with another key. Remove the feed and add it again.")
        raise FeedError(sentence) from error


def _cipher() -> AESGCM:
    """AES-256-GCM under a key derived from the one that stands in the node's home folder (RFC 5869)."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sild threats feed secret")
    return AESGCM(key.derive(settings.SECRET_KEY.encode()))
