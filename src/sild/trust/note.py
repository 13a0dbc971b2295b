"""C2SP signed-note: a text with signature lines of named keys."""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from typing import NamedTuple

from sild.trust.encoding import b64
from sild.trust.errors import SignatureError

ED25519 = 0x01
ML_DSA_44_COSIGNATURE = 0x06
KEY_ID_BYTES = 4
DASH = "\u2014 "
MAX_NOTE = 256 * 1024
MAX_SIGNATURES = 64
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Line(NamedTuple):
    """One signature line: the key's name, its 4-byte id, and the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH}{self.name} {b64(self.key_id + self.signature)}\n"


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """SHA-256(name || 0x0A || type || public key)[:4] (signed-note, Signatures)."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:KEY_ID_BYTES]


def parse_line(line: str) -> Line:
    """Read one signature line, its newline included or not.

    Raises:
        SignatureError: it has not the form of one.
    """
    words = line.rstrip("\n").split(" ")
    prefix, name, encoded = words if len(words) == 3 else ("", "", "")  # noqa: PLR2004 -- dash, name, base64
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    well_formed = prefix == DASH.strip() and name and "+" not in name and not any(map(str.isspace, name))
    if not well_formed or len(data) <= KEY_ID_BYTES:
        raise SignatureError("A signature line is “— name base64”.", code="note-form")
    return Line(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def split(note: str) -> tuple[str, list[Line]]:
    """Take a note apart into its text (with the final newline) and its signature lines.

    Raises:
        SignatureError: it is no note (signed-note, Format).
    """
    text, blank, signatures = note.rpartition("\n\n")
    if len(note) > MAX_NOTE:
        raise SignatureError(f"A note has at most {MAX_NOTE} characters.", code="oversized")
    if not blank or not text or not signatures.endswith("\n"):
        raise SignatureError("A note is a text, an empty line and signature lines.", code="note-form")
    if CONTROL.search(note):
        raise SignatureError("A note has no control characters but newlines.", code="note-form")
    lines = [parse_line(line) for line in signatures[:-1].split("\n")]
    if len(lines) > MAX_SIGNATURES:
        raise SignatureError(f"A note has at most {MAX_SIGNATURES} signatures.", code="oversized")
    return text + "\n", lines


def join(text: str, lines: list[Line]) -> str:
    """Put text and signature lines together."""
    return text + "\n" + "".join(map(str, lines))
