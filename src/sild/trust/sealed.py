"""Sealed files of any size for named nodes, in constant memory: signed first, sealed afterwards, receivers inside.

A header of one line of JSON holds the content key sealed for each receiver (HPKE X-Wing). What follows is C2SP
chunked-encryption, instance Cobblestone-256, bound to that header: first the signature with its length in four bytes,
then the file. Source: https://c2sp.org/chunked-encryption.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from sild.trust.documents import MAX_SIGNATURE, DocumentVerdict, peek, pieces, receivers_of, verify
from sild.trust.encoding import b64, canonical, parse_canonical, unb64
from sild.trust.errors import SealError
from sild.trust.evidence import Known
from sild.trust.seal import HPKE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

    from sild.trust.identity import Identity, NodeKeys
    from sild.trust.keys import Pair

FORMAT = "sild-file/1"
MAX_HEADER = 256 * 1024
LENGTH_BYTES = 4


def seal_file(source: BinaryIO, target: BinaryIO, signature: bytes, receivers: Sequence[Identity]) -> None:
    """Seal a signed file so that each receiver, and nobody else, can open it.

    Args:
        source: the file, from its beginning.
        target: where the sealed file goes.
        signature: what `documents.sign` made over a statement that names these receivers.
        receivers: for whose X-Wing keys the content key is sealed.
    """
    target.writelines(_sealed(pieces(source), signature, receivers))


def reseal_file(
    source: BinaryIO,
    target: BinaryIO,
    keys: NodeKeys,
    receiver: Callable[[str], Identity | None],
    known: Callable[[str], Known],
) -> tuple[DocumentVerdict, list[Identity]]:
    """Seal a sealed file anew, for the keys that its receivers have now; what was signed stays as it was signed.

    The target is good only if the verdict is and no error was raised; throw it away otherwise.

    Args:
        source: the sealed file; we have to be one of its receivers.
        target: where the file goes that is sealed anew.
        keys: ours, the old sealing key among them.
        receiver: the identity of a node that the signature names as a receiver; None for one that is not known here.
        known: as in `open_file`.

    Returns:
        The verdict on the signature, and for whom the file is sealed now.

    Raises:
        SealError: as `open_file`.
        SignatureError: as `open_file`.
    """
    try:
        signature, plain = _opened(source, keys)
        receivers = [one for node in receivers_of(signature) if (one := receiver(node))]
        verdict = verify(_copied(plain, target, signature, receivers), signature, known(peek(signature)))
    except (InvalidTag, ValueError) as error:
        raise _does_not_open() from error
    return verdict, receivers


def open_file(
    source: BinaryIO, target: BinaryIO, keys: NodeKeys, known: Callable[[str], Known] | None = None
) -> tuple[DocumentVerdict, bytes]:
    """Open a sealed file and verify the signature in it.

    The target holds the file only if the verdict is good and no error was raised; throw it away otherwise.

    Args:
        source: the sealed file.
        target: where the plain file goes.
        keys: the receiver's.
        known: says what the caller knows of the node that the signature names.

    Returns:
        The verdict, and the signature to keep beside the file.

    Raises:
        SealError: code `seal-form`, `not-for-us` or `seal`; a truncated file is `seal` too.
        SignatureError: there is no signature in it.
    """
    try:
        signature, plain = _opened(source, keys)
        claimed = known(peek(signature)) if known else Known()
        verdict = verify(_written(plain, target), signature, claimed)
    except (InvalidTag, ValueError) as error:
        raise _does_not_open() from error
    if verdict.statement is not None and keys.node not in verdict.statement.receivers:
        sentence = f"Not verified: {verdict.statement.signer} did not sign this for {keys.node}; somebody passed it on."
        verdict = DocumentVerdict(ok=False, code="receiver", sentence=sentence)
    return verdict, signature


def _ours(header: bytes, keys: NodeKeys) -> tuple[Pair, bytes]:
    """The first of our sealing keys for which the header has the content key, and that sealed key."""
    try:
        content: dict[str, Any] = parse_canonical(header)
        found, wrapped = content["format"], {kid: unb64(value) for kid, value in content["keys"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SealError(f"Not a sealed file: {error}.", code="seal-form") from error
    if found != FORMAT:
        raise SealError(f"The sealed file's format is {found}, not {FORMAT}.", code="seal-form")
    for pair in keys.seals:
        if pair.public.kid in wrapped:
            return pair, wrapped[pair.public.kid]
    raise SealError("The file is not sealed for a key of this node.", code="not-for-us")


def _decrypted(source: BinaryIO, decryptor: Cobblestone256Decryptor) -> Iterator[bytes]:
    """The plain bytes in pieces, each authenticated; an error at the end when the last chunk is missing."""
    for piece in pieces(source):
        yield decryptor.update(piece)
    yield decryptor.finalize()


def _split(plain: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The signature, and what was read beyond it."""
    head = bytearray()
    for piece in plain:
        head += piece
        if len(head) >= LENGTH_BYTES:
            length = int.from_bytes(head[:LENGTH_BYTES], "big")
            if length > MAX_SIGNATURE:
                break
            if len(head) >= LENGTH_BYTES + length:
                return bytes(head[LENGTH_BYTES : LENGTH_BYTES + length]), bytes(head[LENGTH_BYTES + length :])
    raise ValueError("there is no signature in it")


def _opened(source: BinaryIO, keys: NodeKeys) -> tuple[bytes, Iterator[bytes]]:
    """The signature in a sealed file, and the plain file in pieces."""
    header = source.readline(MAX_HEADER).removesuffix(b"\n")
    pair, wrapped = _ours(header, keys)
    key = HPKE.decrypt(wrapped, pair.for_opening, _info(pair.public.kid))
    plain = _decrypted(source, Cobblestone256Decryptor(key, _context(header)))
    signature, rest = _split(plain)
    return signature, chain([rest], plain)


def _sealed(plain: Iterable[bytes], signature: bytes, receivers: Sequence[Identity]) -> Iterator[bytes]:
    """A sealed file in pieces."""
    key = Cobblestone256Encryptor.generate_key()
    keys = {one.seal.kid: b64(HPKE.encrypt(key, one.seal.for_sealing(), _info(one.seal.kid))) for one in receivers}
    header = canonical({"format": FORMAT, "keys": keys})
    yield header + b"\n"
    encryptor = Cobblestone256Encryptor(key, _context(header))
    yield encryptor.update(len(signature).to_bytes(LENGTH_BYTES, "big") + signature)
    for piece in plain:
        yield encryptor.update(piece)
    yield encryptor.finalize()


def _written(plain: Iterable[bytes], target: BinaryIO) -> Iterator[bytes]:
    """Pass pieces on while they are written."""
    for piece in plain:
        target.write(piece)
        yield piece


def _copied(
    plain: Iterable[bytes], target: BinaryIO, signature: bytes, receivers: Sequence[Identity]
) -> Iterator[bytes]:
    """Pass pieces on while they are sealed anew."""
    passed: list[bytes] = []
    for piece in _sealed(_kept(plain, passed), signature, receivers):
        target.write(piece)
        yield from passed
        passed.clear()


def _kept(plain: Iterable[bytes], passed: list[bytes]) -> Iterator[bytes]:
    """Pass pieces on and remember each until it is taken from the list."""
    for piece in plain:
        passed.append(piece)
        yield piece


def _does_not_open() -> SealError:
    """Whatever the reason, there is no more to say."""
    return SealError("The sealed file does not open: it was changed, cut off, or sealed with another key.")


def _info(kid: str) -> bytes:
    """What the sealed content key is bound to (RFC 9180 section 8.1, `info`)."""
    return canonical({"format": FORMAT, "receiver_kid": kid})


def _context(header: bytes) -> bytes:
    """What the chunks are bound to: the header, so that no receiver can be added or taken away."""
    return FORMAT.encode() + sha256(header).digest()
