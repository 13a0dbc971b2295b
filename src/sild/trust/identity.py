"""A node's keys, and the signed document with which it shows their public halves to partners.

The root keys sign the document and nothing else. What partners pin is the root's fingerprint, so that the other keys
can change without a new key ceremony.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sild.trust import keystore
from sild.trust.encoding import b64u, canonical, parse_canonical, unb64u
from sild.trust.errors import IdentityError
from sild.trust.keys import X_WING, Pair, Public
from sild.trust.record import NODE
from sild.trust.suites import CURRENT, SUITES, require_usable

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = b"sild/identity/v1\n"
VALID_DAYS = 365
MAX_DOCUMENT = 256 * 1024
FINGERPRINT_BYTES = 15
# Crockford's alphabet has no I, L, O and U: what is read aloud is not misheard as a digit.
CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
TLS_ALGORITHM = "ML-DSA-65"


def fingerprint(root: dict[str, Public]) -> str:
    """120 bits over all root keys, in six groups of four characters."""
    joined = b"".join(root[name].raw for name in sorted(root))
    text = b32encode(sha256(b"sild/fingerprint/v1\n" + joined).digest()[:FINGERPRINT_BYTES]).decode()
    text = text.translate(CROCKFORD)
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


@dataclass(frozen=True)
class Identity:
    """A node as its partners know it; made by `parse` alone, so that every one was verified.

    Attributes:
        node: the node's id.
        fingerprint: of the root keys; what two officials compare.
        root, log: public keys by algorithm.
        seal: the X-Wing key for what is sealed for this node.
        tls_thumbprints: SHA-256 in hex of the SubjectPublicKeyInfo of each TLS key that may answer or call.
        suite: the suite of its keys.
        expires: last day on which the document counts.
        document: the bytes that were verified.
    """

    node: str
    fingerprint: str
    root: dict[str, Public]
    log: dict[str, Public]
    seal: Public
    tls_thumbprints: frozenset[str]
    suite: str
    expires: date
    document: bytes

    @property
    def log_origin(self) -> str:
        """The origin line of its log."""
        return log_origin(self.node)

    @property
    def witness_name(self) -> str:
        """Its name as a witness."""
        return witness_name(self.node)

    @classmethod
    def parse(cls, document: bytes, *, on: date | None) -> Identity:
        """Verify an identity document: form, suite, both root signatures, and validity on a day.

        Args:
            document: canonical JSON as `NodeKeys.identity_document` writes it.
            on: the day; None to take an outdated document, for evidence that was made while it counted.

        Raises:
            IdentityError: code `identity-form`, `bad-signature` or `expired`.
            SuiteError: its suite may not be used on that day.
        """
        try:
            identity, signatures = _read(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise IdentityError(f"The identity document cannot be read: {error}.", code="identity-form") from error
        signed = DOMAIN + canonical(parse_canonical(document)["identity"])
        for algorithm in SUITES[identity.suite].root:
            if not identity.root[algorithm].verifies(signatures.get(algorithm, b""), signed):
                raise IdentityError(
                    f"The {algorithm} signature of {identity.node}'s identity does not hold.", code="bad-signature"
                )
        if on is not None:
            require_usable(identity.suite, on)
            if on > identity.expires:
                raise IdentityError(f"The identity of {identity.node} ran out on {identity.expires}.", code="expired")
        return identity


def _read(document: bytes) -> tuple[Identity, dict[str, bytes]]:
    """Take a document apart without verifying its signatures; any flaw is a ValueError, KeyError or TypeError."""
    if len(document) > MAX_DOCUMENT:
        raise ValueError(f"it has more than {MAX_DOCUMENT} bytes")
    content = parse_canonical(document)
    plain = content["identity"]
    suite = SUITES[plain["suite"]]
    if not NODE.fullmatch(plain["node"]):
        raise ValueError("its node id has other characters than a–z, 0–9 and hyphens")
    keys = {use: {key.algorithm: key for key in map(Public.from_jwk, plain["keys"][use])} for use in plain["keys"]}
    if set(keys["root"]) != set(suite.root) or set(keys["log"]) != set(suite.log):
        raise ValueError(f"its keys are not those of the suite {suite.name}")
    identity = Identity(
        node=plain["node"],
        fingerprint=fingerprint(keys["root"]),
        root=keys["root"],
        log=keys["log"],
        seal=keys["seal"][X_WING],
        tls_thumbprints=frozenset(key.spki_thumbprint for key in keys["tls"].values()),
        suite=suite.name,
        expires=date.fromisoformat(plain["expires"]),
        document=document,
    )
    return identity, {name: unb64u(value) for name, value in content["signatures"].items()}


def log_origin(node: str) -> str:
    """The origin line of a node's log (tlog-checkpoint)."""
    return f"{node}/log"


def witness_name(node: str) -> str:
    """The name with which a node cosigns other logs (tlog-cosignature)."""
    return f"{node}/witness"


@dataclass(frozen=True)
class NodeKeys:
    """The private keys with which a node works day by day; its root is needed only to sign a new identity.

    Attributes:
        node: the node's id.
        log: pairs by algorithm; they sign checkpoints, our own and, as witness, those of partners.
        seal: opens what partners sealed for us.
        tls: answers and makes links.
        document: the identity document that the root signed over the public halves.
    """

    node: str
    log: dict[str, Pair]
    seal: Pair
    tls: Pair
    document: bytes
    root: dict[str, Pair]

    @property
    def log_origin(self) -> str:
        """The origin line of our log."""
        return log_origin(self.node)

    @property
    def witness_name(self) -> str:
        """Our name as a witness."""
        return witness_name(self.node)

    @property
    def fingerprint(self) -> str:
        """What our officials read aloud."""
        return Identity.parse(self.document, on=None).fingerprint

    def identity_document(self) -> bytes:
        """The document for partners."""
        return self.document

    @classmethod
    def generate(cls, node: str, *, now: datetime) -> NodeKeys:
        """Make all keys of a new node.

        Raises:
            IdentityError: the id has characters that a node id cannot have.
        """
        if not NODE.fullmatch(node):
            raise IdentityError(f"“{node}” is no node id. Use a–z, 0–9 and hyphens, 63 characters at most.")
        suite = SUITES[CURRENT]
        root = {name: Pair.generate(name) for name in suite.root}
        log = {name: Pair.generate(name) for name in suite.log}
        seal, tls = Pair.generate(X_WING), Pair.generate(TLS_ALGORITHM)
        plain = {
            "node": node,
            "suite": suite.name,
            "issued": now.date().isoformat(),
            "expires": (now.date() + timedelta(days=VALID_DAYS)).isoformat(),
            "keys": {
                "root": _jwks(root),
                "log": _jwks(log),
                "seal": _jwks({X_WING: seal}),
                "tls": _jwks({TLS_ALGORITHM: tls}),
            },
        }
        return cls(node, log, seal, tls, _sign(plain, root), root)

    def save(self, folder: Path, passphrase: bytes | None = None) -> None:
        """Write the keys so that only their owner can read them; root and working keys in files of their own.

        Raises:
            IdentityError: there are keys in the folder already.
        """
        everyday = {**self.log, X_WING: self.seal, TLS_ALGORITHM: self.tls}
        keystore.write(folder, "root.key", self.root, passphrase)
        keystore.write(folder, "node.key", everyday, passphrase)
        keystore.write_public(folder / "identity.json", self.document)

    @classmethod
    def load(cls, folder: Path, passphrase: bytes | None = None) -> NodeKeys:
        """Read the working keys; the root may be elsewhere.

        Raises:
            IdentityError: they are missing, readable by others, locked, or not those of the identity beside them.
        """
        pairs = keystore.read(folder, "node.key", passphrase)
        try:
            document = (folder / "identity.json").read_bytes()
        except OSError as error:
            raise IdentityError(f"{folder}/identity.json cannot be read: {error.strerror}.") from error
        identity = Identity.parse(document, on=None)
        log = {name: pairs[name] for name in identity.log}
        keys = cls(identity.node, log, pairs[X_WING], pairs[TLS_ALGORITHM], document, {})
        if any(log[name].public != identity.log[name] for name in log) or keys.seal.public != identity.seal:
            raise IdentityError(f"The keys in {folder} are not those of identity.json beside them. Restore both.")
        return keys


def _jwks(pairs: dict[str, Pair]) -> list[dict[str, str]]:
    """The public halves as JSON Web Keys."""
    return [pairs[name].public.jwk for name in sorted(pairs)]


def _sign(plain: dict[str, Any], root: dict[str, Pair]) -> bytes:
    """Sign an identity with every root key and write the document."""
    signed = DOMAIN + canonical(plain)
    signatures = {name: b64u(pair.sign(signed)) for name, pair in root.items()}
    return canonical({"identity": plain, "signatures": signatures})
