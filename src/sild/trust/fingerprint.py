"""The short form of a node's root keys that two officials read aloud: in letters and digits, or in words."""

from __future__ import annotations

from base64 import b32decode, b32encode
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sild.trust.keys import Public

FINGERPRINT_BYTES = 15
PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Crockford's alphabet has no I, L, O and U: what is read aloud is not misheard as a digit.
READ_ALOUD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def fingerprint(root: dict[str, Public]) -> str:
    """120 bits over all root keys, in six groups of four characters."""
    joined = b"".join(root[name].raw for name in sorted(root))
    return spell(sha256(b"sild/fingerprint/v1\n" + joined).digest()[:FINGERPRINT_BYTES])


def spell(digest: bytes) -> str:
    """15 bytes in six groups of four characters."""
    text = b32encode(digest).decode().translate(str.maketrans(PLAIN, READ_ALOUD))
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def digest_of(text: str) -> bytes:
    """The 15 bytes that letters and digits stand for; dashes, spaces and case do not matter.

    Raises:
        ValueError: it is no fingerprint.
    """
    letters = "".join(character for character in text.upper() if character.isalnum())
    if len(letters) != FINGERPRINT_BYTES * 8 // 5 or set(letters) - set(READ_ALOUD):
        raise ValueError(f"“{text}” is no fingerprint of six groups of four letters and digits")
    return b32decode(letters.translate(str.maketrans(READ_ALOUD, PLAIN)))
