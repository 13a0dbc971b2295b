"""Keccak-256 as Ethereum and Monero use it: the competition's padding, which hashlib's SHA-3 does not have."""

from __future__ import annotations

_RATE = 136
_WORD = (1 << 64) - 1
_ROTATIONS = (
    0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
)  # fmt: skip
_ROUNDS = (
    0x1, 0x8082, 0x800000000000808A, 0x8000000080008000, 0x808B, 0x80000001, 0x8000000080008081, 0x8000000000008009,
    0x8A, 0x88, 0x80008009, 0x8000000A, 0x8000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x800A, 0x800000008000000A, 0x8000000080008081, 0x8000000000008080,
    0x80000001, 0x8000000080008008,
)  # fmt: skip


def keccak256(data: bytes) -> bytes:
    """The 32-byte digest (Keccak submission 3, section 4; rate 1088, capacity 512)."""
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    state = [0] * 25
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            place = start + 8 * lane
            state[lane] ^= int.from_bytes(padded[place : place + 8], "little")
        state = _permuted(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def _permuted(a: list[int]) -> list[int]:
    """Keccak-f[1600]: theta, rho and pi, chi, iota; lane x, y stands at `x + 5 * y`."""
    for constant in _ROUNDS:
        column = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        mixed = [column[(x - 1) % 5] ^ _turned(column[(x + 1) % 5], 1) for x in range(5)]
        b = [0] * 25
        for place in range(25):
            x, y = place % 5, place // 5
            b[y + 5 * ((2 * x + 3 * y) % 5)] = _turned(a[place] ^ mixed[x], _ROTATIONS[place])
        a = [
            b[place] ^ (~b[(place + 1) % 5 + place // 5 * 5] & b[(place + 2) % 5 + place // 5 * 5])
            for place in range(25)
        ]
        a[0] ^= constant
    return a


def _turned(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _WORD
