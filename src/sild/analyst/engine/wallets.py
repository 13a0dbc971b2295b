"""Addresses of wallets, told from chance by their checksums."""

from __future__ import annotations

import hashlib

from .keccak import keccak256

_BASE58_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58 = {character: value for value, character in enumerate(_BASE58_LETTERS)}
_BECH32 = {character: value for value, character in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CONSTANTS = {1, 0x2BC830A3}  # bech32 (BIP 173) and bech32m (BIP 350)
_PAYLOAD, _CHECKSUM = 21, 4
# Version bytes of Base58Check addresses on the main networks.
_VERSIONS = {0: "bitcoin", 5: "bitcoin", 0x30: "litecoin", 0x32: "litecoin", 0x1E: "dogecoin", 0x41: "tron"}
_PREFIXES = {"bc1": "bitcoin", "ltc1": "litecoin"}
_ETHEREUM = 42
_MONERO, _BLOCK, _BLOCK_BYTES, _LAST_BLOCK_BYTES = 95, 11, 8, 5
_MONERO_VERSIONS = {18, 42}  # a main address and a subaddress
_MONERO_DATA = 65
_SHIFT = 25


def kind(text: str) -> str:
    """`bitcoin`, `litecoin`, `dogecoin`, `tron`, `ethereum` or `monero` (main networks); empty for anything else."""
    if text.startswith("0x"):
        return "ethereum" if _ethereum(text) else ""
    for prefix, name in _PREFIXES.items():
        if text[: len(prefix)].lower() == prefix:
            fits = (text.islower() or text.isupper()) and _bech32(prefix[:-1], text[len(prefix) :].lower())
            return name if fits else ""
    if len(text) == _MONERO:
        return "monero" if _monero(text) else ""
    return _base58check(text)


def _number(text: str) -> int | None:
    """The value of Base58 digits; None when one is none."""
    number = 0
    for character in text:
        if character not in _BASE58:
            return None
        number = number * 58 + _BASE58[character]
    return number


def _base58check(text: str) -> str:
    number = _number(text)
    if number is None or number.bit_length() > 8 * (_PAYLOAD + _CHECKSUM):
        return ""
    data = number.to_bytes(_PAYLOAD + _CHECKSUM, "big")
    payload, checksum = data[:_PAYLOAD], data[_PAYLOAD:]
    right = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:_CHECKSUM] == checksum
    return _VERSIONS.get(payload[0], "") if right else ""


def _bech32(prefix: str, text: str) -> bool:
    if any(character not in _BECH32 for character in text):
        return False
    expanded = [ord(character) >> 5 for character in prefix] + [0] + [ord(character) & 31 for character in prefix]
    state = 1
    for value in expanded + [_BECH32[character] for character in text]:
        top = state >> _SHIFT
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                state ^= generator
    return state in _CONSTANTS


def _ethereum(text: str) -> bool:
    """Forty hex digits; when they mix cases, the case is the checksum (EIP-55)."""
    digits = text[2:]
    if len(text) != _ETHEREUM or digits.isdigit() or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        return False
    if digits == digits.lower() or digits == digits.upper():
        return len(set(digits.lower())) > 4  # noqa: PLR2004 -- 0x000…0 and fillers are no addresses
    check = keccak256(digits.lower().encode()).hex()
    return all(
        digit.isupper() == (int(nibble, 16) > 7)  # noqa: PLR2004 -- EIP-55: the nibble's highest bit
        for digit, nibble in zip(digits, check, strict=False)
        if digit.isalpha()
    )


def _monero(text: str) -> bool:
    """Base58 in blocks of eleven digits, the last four bytes being the beginning of the others' Keccak."""
    data = b""
    for start in range(0, _MONERO, _BLOCK):
        block = text[start : start + _BLOCK]
        size = _BLOCK_BYTES if len(block) == _BLOCK else _LAST_BLOCK_BYTES
        number = _number(block)
        if number is None or number.bit_length() > 8 * size:
            return False
        data += number.to_bytes(size, "big")
    payload, checksum = data[:_MONERO_DATA], data[_MONERO_DATA:]
    return payload[0] in _MONERO_VERSIONS and keccak256(payload)[:_CHECKSUM] == checksum
