"""Bitcoin addresses, told from chance by their checksums."""

from __future__ import annotations

import hashlib

_BASE58 = {
    character: value for value, character in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}
_BECH32 = {character: value for value, character in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CONSTANTS = {1, 0x2BC830A3}  # bech32 (BIP 173) and bech32m (BIP 350)
_PAYLOAD, _CHECKSUM = 21, 4
_PREFIX = [3, 3, 0, 2, 3]  # “bc”, expanded as BIP 173 asks


def is_bitcoin(text: str) -> bool:
    """True for a main-net address: Base58Check with version 0 or 5, or bech32 or bech32m with the prefix bc."""
    if text[:3].lower() == "bc1":
        return (text.islower() or text.isupper()) and _bech32(text[3:].lower())
    return _base58check(text)


def _base58check(text: str) -> bool:
    number = 0
    for character in text:
        if character not in _BASE58:
            return False
        number = number * 58 + _BASE58[character]
    if number.bit_length() > 8 * (_PAYLOAD + _CHECKSUM):
        return False
    data = number.to_bytes(_PAYLOAD + _CHECKSUM, "big")
    payload, checksum = data[:_PAYLOAD], data[_PAYLOAD:]
    return payload[0] in {0, 5} and hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:_CHECKSUM] == checksum


def _bech32(text: str) -> bool:
    if any(character not in _BECH32 for character in text):
        return False
    state = 1
    for value in _PREFIX + [_BECH32[character] for character in text]:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                state ^= generator
    return state in _CONSTANTS
