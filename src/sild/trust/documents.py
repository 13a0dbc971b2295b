"""Signed documents: any file, with a detached signature that is verified without a node.

The signature is a JWS in General JSON Serialization (RFC 7515 section 7.2.1) with two signatures, EdDSA (RFC 8037) and
ML-DSA-65 (RFC 9964). Its payload is not the file but a statement that holds the file's SHA-512: so a file of any size
is signed and verified in one pass and constant memory, the statement (who, when, for whom) is signed with it, and
RFC 7797 is not needed. Each protected header names the suite and lists it as critical: a reader that does not know
that the suite asks for both signatures must refuse (RFC 7515 section 4.1.11), and one that does sees when one is gone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from sild.trust.encoding import b64u, canonical, parse_canonical, unb64u
from sild.trust.errors import SignatureError, TrustError
from sild.trust.evidence import Known, Verdict, plain, require_unrevoked, verify_record_file
from sild.trust.identity import Identity
from sild.trust.keyset import TIME, read_time
from sild.trust.suites import CURRENT, SUITES, require_usable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from sild.trust.identity import NodeKeys
    from sild.trust.keys import Public

FORMAT = "sild-document/1"
KIND = "trust.document"
# JOSE's names (RFC 8037 section 3.1, RFC 9964 section 4) for ours.
JOSE = {"Ed25519": "EdDSA", "ML-DSA-65": "ML-DSA-65"}
MAX_SIGNATURE = 16 * 1024 * 1024
MAX_NAME = 300
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed about a file.

    Attributes:
        signer: node id.
        digest: `sha512:` and the SHA-512 of the file in hex.
        size: in bytes.
        name: to show, never a path to write to.
        signed: UTC time to the second, as the signer says.
        receivers: node ids that the file was signed and sealed for; empty when it is for anybody.
    """

    signer: str
    digest: str
    size: int
    name: str
    signed: datetime
    receivers: tuple[str, ...] = ()

    @property
    def payload(self) -> bytes:
        """The statement in its one spelling."""
        return canonical(
            {
                "format": FORMAT,
                "signer": self.signer,
                "digest": self.digest,
                "size": self.size,
                "name": self.name,
                "signed": self.signed.strftime(TIME),
                "receivers": list(self.receivers),
            }
        )

    @classmethod
    def read(cls, payload: bytes) -> Statement:
        """Read what `payload` wrote; any flaw is a ValueError, KeyError or TypeError."""
        said = parse_canonical(payload)
        one = cls(
            said["signer"],
            said["digest"],
            said["size"],
            said["name"],
            read_time(said["signed"]),
            tuple(said["receivers"]),
        )
        if one.payload != payload or type(one.size) is not int or not 0 < len(one.name) <= MAX_NAME:
            raise ValueError("its statement has not the form of one")
        return one


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVerdict:
    """What can be said of a file and its signature.

    Attributes:
        ok: whether everything held.
        sentence: the verdict for a person.
        code: `verified`, or what failed.
        statement: what was signed; None when that could not be read.
        algorithms: of the signatures that hold, all of them required.
        fingerprint: of the signer's identity in the signature.
        pinned: whether that is the one that the caller has from the signer's officials.
        record: the verdict on the log's proof that came with the signature; None when there is none.
    """

    ok: bool
    sentence: str
    code: str
    statement: Statement | None = None
    algorithms: tuple[str, ...] = ()
    fingerprint: str = ""
    pinned: bool = False
    record: Verdict | None = None


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """A file in pieces of 1 MiB."""
    while piece := file.read(PIECE):
        yield piece


def digest_of(parts: Iterable[bytes]) -> tuple[str, int]:
    """The digest and size of a file that comes in pieces."""
    digest, size = hashlib.sha512(), 0
    for part in parts:
        digest.update(part)
        size += len(part)
    return "sha512:" + digest.hexdigest(), size


def state(
    keys: NodeKeys, parts: Iterable[bytes], *, name: str, now: datetime, receivers: Sequence[str] = ()
) -> Statement:
    """Say about a file what will be signed."""
    digest, size = digest_of(parts)
    receivers = tuple(sorted(set(receivers)))
    return Statement(keys.node, digest, size, name[:MAX_NAME] or "file", now.replace(microsecond=0), receivers)


def sign(keys: NodeKeys, statement: Statement, *, record: bytes | None = None) -> bytes:
    """Sign a statement with every key of the suite.

    Args:
        keys: of the node that signs.
        statement: made by `state`.
        record: the file of a record of kind `trust.document` with the statement's digest, as `build_record_file` made.

    Returns:
        The signature as JSON; `sild` in it (a member that JWS readers ignore) holds what is needed to verify offline.
    """
    payload = b64u(statement.payload)
    signatures = []
    for name in SUITES[CURRENT].sign:
        pair = keys.sign[name]
        protected = b64u(canonical(_header(name, pair.public, CURRENT)))
        signatures.append({"protected": protected, "signature": b64u(pair.sign(f"{protected}.{payload}".encode()))})
    proof = {} if record is None else {"record": record.decode()}
    content = {"payload": payload, "signatures": signatures, "sild": {"identity": keys.document.decode(), **proof}}
    return canonical(content)


def verify(parts: Iterable[bytes], signature: bytes, known: Known | None = None) -> DocumentVerdict:
    """Verify a file against its detached signature; flaws are verdicts, never exceptions.

    Args:
        parts: the file in pieces.
        signature: what `sign` made.
        known: what the caller has from elsewhere: fingerprint, newest identity, when it was seen.
    """
    known = known or Known()
    try:
        statement, identity, record = _open(signature, known)
        digest, size = digest_of(parts)
        if (digest, size) != (statement.digest, statement.size):
            raise SignatureError(
                f"The file is not the one that was signed as “{statement.name}”: it has another content.", code="digest"
            )
    except TrustError as error:
        return DocumentVerdict(ok=False, code=error.code, sentence=f"Not verified: {error}")
    pinned = known.fingerprint is not None
    return DocumentVerdict(
        ok=True,
        code="verified",
        sentence=_sentence(statement, identity, record, pinned=pinned),
        statement=statement,
        algorithms=SUITES[identity.suite].sign,
        fingerprint=identity.fingerprint,
        pinned=pinned,
        record=record,
    )


def peek(signature: bytes) -> str:
    """The node whose identity is in a signature, so that a caller can look up what it knows of it.

    Raises:
        SignatureError: it is no signature.
    """
    return Identity.parse(_take_apart(signature)[2], on=None).node


def receivers_of(signature: bytes) -> tuple[str, ...]:
    """The nodes for which a file was signed and sealed, as the signature says; nothing is verified.

    Raises:
        SignatureError: it is no signature.
    """
    return _statement(_take_apart(signature)[0]).receivers


def _statement(payload: str) -> Statement:
    """What was signed."""
    try:
        return Statement.read(unb64u(payload))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SignatureError(f"The signature's statement cannot be read: {error}.", code="signature-form") from error


def _open(signature: bytes, known: Known) -> tuple[Statement, Identity, Verdict | None]:
    """Check all that can be checked without the file."""
    payload, signatures, document, file = _take_apart(signature)
    statement = _statement(payload)
    signed_on = statement.signed.date()
    identity = Identity.parse(document, on=signed_on)
    require_usable(identity.suite, signed_on)
    if identity.node != statement.signer:
        raise SignatureError(
            f"{statement.signer} is named as signer, but the keys are {identity.node}'s.", code="signer"
        )
    if known.fingerprint is not None and plain(known.fingerprint) != plain(identity.fingerprint):
        raise SignatureError(
            f"The signer's fingerprint is {identity.fingerprint}, not {known.fingerprint}: somebody else signed this.",
            code="fingerprint",
        )
    keys = _verified_keys(payload, signatures, identity)
    record = _record(file, statement, identity, known)
    if known.newest is not None:
        require_unrevoked({key.kid for key in keys.values()}, identity, known, file if record else None)
    return statement, identity, record


def _take_apart(signature: bytes) -> tuple[str, list[dict[str, str]], bytes, bytes | None]:
    """Payload, signatures, identity document and record file; nothing is verified."""
    try:
        content = orjson.loads(signature[: MAX_SIGNATURE + 1])
        extra, record = content["sild"], content["sild"].get("record")
        entries = [
            {"protected": str(one["protected"]), "signature": str(one["signature"])} for one in content["signatures"]
        ]
        file = None if record is None else record.encode()
        return str(content["payload"]), entries, extra["identity"].encode(), file
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SignatureError(f"Not a document's signature: {error}.", code="signature-form") from error


def _header(algorithm: str, key: Public, suite: str) -> dict[str, Any]:
    """The protected header of a signature."""
    return {"alg": JOSE[algorithm], "crit": ["suite"], "kid": key.kid, "suite": suite, "typ": FORMAT}


def _verified_keys(payload: str, signatures: list[dict[str, str]], identity: Identity) -> dict[str, Public]:
    """The keys of the generation that signed, if all its signatures are there, once each, and hold."""
    by_header = {one["protected"]: one["signature"] for one in signatures}
    for keys in identity.generations("sign"):
        wanted = {b64u(canonical(_header(name, key, identity.suite))): key for name, key in keys.items()}
        if not wanted.keys() & by_header.keys():
            continue
        if wanted.keys() != by_header.keys() or len(signatures) != len(wanted):
            raise SignatureError(
                f"A document needs one signature each by {' and '.join(sorted(keys))}; one is missing or too many.",
                code="missing-signature",
            )
        for protected, key in wanted.items():
            if not key.verifies(_bytes(by_header[protected]), f"{protected}.{payload}".encode()):
                raise SignatureError(f"The {key.algorithm} signature does not hold.", code="bad-signature")
        return keys
    raise SignatureError("No signature is by a key of the signer's identity under its suite.", code="missing-signature")


def _bytes(text: str) -> bytes:
    """A signature's bytes; none when it is not base64url."""
    try:
        return unb64u(text)
    except ValueError:
        return b""


def _record(file: bytes | None, statement: Statement, identity: Identity, known: Known) -> Verdict | None:
    """The verdict on the log's proof, which must be about this very file and by the same node."""
    if file is None:
        return None
    verdict = verify_record_file(file, known=Known(fingerprint=identity.fingerprint, witnesses=known.witnesses))
    if not verdict.ok:
        raise SignatureError(
            f"The log's proof that came with the signature does not hold. {verdict.sentence}", code="proof"
        )
    body = orjson.loads(orjson.loads(file)["record"])["body"]
    if verdict.kind != KIND or verdict.issuer != statement.signer or body.get("digest") != statement.digest:
        raise SignatureError("The log's proof is about another document.", code="proof")
    return verdict


def _sentence(statement: Statement, identity: Identity, record: Verdict | None, *, pinned: bool) -> str:
    """The good verdict, which says what it rests on."""
    whose = "the pinned fingerprint" if pinned else "the fingerprint in the signature, which you should compare,"
    logged = f" It is entry {record.index} of the log of {record.issuer}." if record else ""
    return (
        f"Verified: {statement.signer} signed “{statement.name}” on {statement.signed:%Y-%m-%d %H:%M} UTC under "
        f"{whose} {identity.fingerprint}.{logged}"
    )
