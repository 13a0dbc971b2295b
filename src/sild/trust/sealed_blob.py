"""Sealed attachments: any range of the sealed bytes can be made without making those before it.

As in `sealed`: a header of one line of JSON with the content key for each receiver (HPKE X-Wing), then C2SP
chunked-encryption, instance Cobblestone-256, bound to that header. What is sealed is the file alone: its hash is in a
signed record. Sealing a given chunk under one head always gives the same bytes, so that a transfer goes on where it
was cut; for that reason a head must never be used for two contents, and whoever reads the content has to check it.
Source: https://c2sp.org/chunked-encryption.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sild.trust.encoding import b64, canonical, parse_canonical, unb64
from sild.trust.errors import SealError
from sild.trust.seal import HPKE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from sild.trust.identity import NodeKeys
    from sild.trust.keys import Public

FORMAT = "sild-blob/1"
MAX_HEADER = 64 * 1024
CHUNK = 16 * 1024
TAG = 16
SALT = 24
COMMITMENT = 32
PIECE = 1024 * 1024
INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"


def new_head(receivers: Sequence[Public], context: Mapping[str, str]) -> bytes:
    """Make a content key and seal it; what stands before the chunks, except the commitment to the key.

    Args:
        receivers: X-Wing keys.
        context: facts that sender and receiver both know; a file moved to another context does not open.

    Returns:
        The header, a line feed, and the salt. It holds no secret; keep it to make further ranges of the same file.
    """
    return _header(Cobblestone256Encryptor.generate_key(), receivers, context) + b"\n" + secrets.token_bytes(SALT)


def sealed_size(header: int, size: int) -> int:
    """Bytes of a sealed file of `size` bytes whose header line has `header` bytes, the line feed counted."""
    return header + SALT + COMMITMENT + size + TAG * (size // CHUNK + 1)


@dataclass(frozen=True)
class SealedBlob:
    """The sealed bytes of a file, of which any range can be read.

    Attributes:
        head: as `new_head` made it.
        size: of the plain file in bytes.
        read: gives `length` plain bytes from `start`, checked.
    """

    head: bytes
    size: int
    read: Callable[[int, int], bytes]
    key: bytes
    base: int
    commitment: bytes

    @classmethod
    def of(
        cls, head: bytes, size: int, read: Callable[[int, int], bytes], keys: NodeKeys, context: Mapping[str, str]
    ) -> SealedBlob:
        """Open the content key with one of our own keys.

        Raises:
            SealError: none of our keys is among the receivers.
        """
        header, _newline, salt = head.partition(b"\n")
        info = INFO + salt + _bound(header)
        material = HKDFExpand(hashes.SHA512(), 76, info).derive(_content_key(header, keys, context))
        return cls(head, size, read, material[:32], int.from_bytes(material[32:44], "big"), material[44:])

    @property
    def total(self) -> int:
        """The number of sealed bytes."""
        return sealed_size(len(self.head) - SALT, self.size)

    def range(self, start: int, length: int) -> bytes:
        """Sealed bytes from `start`, `length` of them or as many as there are."""
        prefix = self.head + self.commitment
        end = min(start + length, self.total)
        if end <= len(prefix):
            return prefix[start:end]
        first = max(start - len(prefix), 0) // (CHUNK + TAG)
        last = (end - len(prefix) - 1) // (CHUNK + TAG)
        body = b"".join(self._chunks(first, last))
        skipped = len(prefix) + first * (CHUNK + TAG)
        return prefix[start:] + body[max(start - skipped, 0) : end - skipped]

    def _chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Seal the chunks from `first` to `last`."""
        plain = memoryview(self.read(first * CHUNK, min((last + 1) * CHUNK, self.size) - first * CHUNK))
        cipher = AESGCM(self.key)
        for number in range(first, last + 1):
            at = (number - first) * CHUNK
            yield cipher.encrypt((self.base ^ number).to_bytes(12, "big"), plain[at : at + CHUNK], None)


def opened(source: BinaryIO, keys: NodeKeys, context: Mapping[str, str]) -> Iterator[bytes]:
    """The plain bytes of a sealed file in pieces, each authenticated.

    Raises:
        SealError: code `seal-form`, `not-for-us` or `seal`; a truncated file is `seal` too, at its end.
    """
    header = source.readline(MAX_HEADER).removesuffix(b"\n")
    try:
        decryptor = Cobblestone256Decryptor(_content_key(header, keys, context), _bound(header))
        while piece := source.read(PIECE):
            yield decryptor.update(piece)
        yield decryptor.finalize()
    except (InvalidTag, ValueError) as error:
        raise SealError("The seal does not open: it was changed, cut off, or made for another place.") from error


def resealed(
    source: BinaryIO, keys: NodeKeys, receivers: Sequence[Public], context: Mapping[str, str]
) -> Iterator[bytes]:
    """A sealed file sealed anew for other keys, in pieces; errors as in `opened`."""
    key = Cobblestone256Encryptor.generate_key()
    header = _header(key, receivers, context)
    yield header + b"\n"
    encryptor = Cobblestone256Encryptor(key, _bound(header))
    for piece in opened(source, keys, context):
        yield encryptor.update(piece)
    yield encryptor.finalize()


def _header(key: bytes, receivers: Sequence[Public], context: Mapping[str, str]) -> bytes:
    """The header with the content key sealed for each receiver."""
    keys = {one.kid: b64(HPKE.encrypt(key, one.for_sealing(), _info(context, one.kid))) for one in receivers}
    return canonical({"format": FORMAT, "keys": keys})


def _content_key(header: bytes, keys: NodeKeys, context: Mapping[str, str]) -> bytes:
    """The content key, opened with the first of our sealing keys that the header names."""
    try:
        content: dict[str, Any] = parse_canonical(header)
        found, wrapped = content["format"], {kid: unb64(value) for kid, value in content["keys"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SealError("The sealed file has not the form of one.", code="seal-form") from error
    if found != FORMAT:
        raise SealError(f"The sealed file's format is {found}, not {FORMAT}.", code="seal-form")
    for pair in keys.seals:
        if pair.public.kid in wrapped:
            try:
                return HPKE.decrypt(wrapped[pair.public.kid], pair.for_opening, _info(context, pair.public.kid))
            except (InvalidTag, ValueError) as error:
                raise SealError("The seal does not open: it was made for another place or sender.") from error
    raise SealError("The file is not sealed for a key of this node.", code="not-for-us")


def _info(context: Mapping[str, str], kid: str) -> bytes:
    """What the sealed content key is bound to (RFC 9180 section 8.1, `info`)."""
    return canonical({**context, "format": FORMAT, "receiver_kid": kid})


def _bound(header: bytes) -> bytes:
    """What the chunks are bound to: the header, so that no receiver can be added or taken away."""
    return FORMAT.encode() + sha256(header).digest()
