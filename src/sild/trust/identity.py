"""A node's keys, and the signed document with which it shows their public halves to partners.

The root keys sign the document and nothing else. What partners pin is the root's fingerprint, so that the other keys
can change without a new key ceremony: a document with the same root and a higher serial takes the place of the one
before (see `rotation`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from sild.trust.errors import IdentityError
from sild.trust.fingerprint import fingerprint
from sild.trust.keys import Pair, Public
from sild.trust.keyset import ROOT, Entry, KeySet, Revocation, algorithms, read
from sild.trust.lifetimes import ROLES, end
from sild.trust.record import NODE
from sild.trust.suites import CURRENT, SUITES, require_usable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VALID_DAYS = 365
# The root's own end is the document's: each new document is signed by it anew.
ROOT_YEARS = 30
Pairs = dict[str, Pair]


@dataclass(frozen=True)
class Identity:
    """A node as its partners know it; made by `parse` alone, so that every one was verified.

    Attributes:
        keyset: what the root signed, without keys whose overlap had ended on the day.
        fingerprint: of the root keys; what two officials compare.
        document: the bytes that were verified.
    """

    keyset: KeySet
    fingerprint: str
    document: bytes

    @property
    def node(self) -> str:
        """The node's id."""
        return self.keyset.node

    @property
    def serial(self) -> int:
        """Which document of this root it is."""
        return self.keyset.serial

    @property
    def suite(self) -> str:
        """The suite of its keys."""
        return self.keyset.suite

    @property
    def expires(self) -> date:
        """Last day on which the document counts."""
        return self.keyset.expires

    @property
    def revoked(self) -> tuple[Revocation, ...]:
        """Keys that no longer count."""
        return self.keyset.revoked

    @property
    def current(self) -> list[Entry]:
        """The keys now in use, without those of the root."""
        return [entry for role in ROLES for entry in next(iter(self.keyset.of(role).values())).values()]

    @property
    def root(self) -> dict[str, Public]:
        """The root's public keys by algorithm."""
        return self.generations(ROOT)[0]

    @property
    def log(self) -> dict[str, Public]:
        """The log's current public keys by algorithm."""
        return self.generations("log")[0]

    @property
    def seal(self) -> Public:
        """The X-Wing key for what is sealed for this node."""
        return self.generations("seal")[0][SUITES[self.suite].seal]

    @property
    def tls_thumbprints(self) -> frozenset[str]:
        """SHA-256 in hex of the SubjectPublicKeyInfo of each TLS key that may answer or call."""
        return frozenset(key.spki_thumbprint for one in self.generations("tls") for key in one.values())

    def generations(self, role: str) -> list[dict[str, Public]]:
        """Public keys of a role by algorithm: the current ones first, then those that overlap with them."""
        return [
            {name: entry.public for name, entry in generation.items()} for generation in self.keyset.of(role).values()
        ]

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
        identity = _verified(document)
        if on is not None:
            require_usable(identity.suite, on)
            if on > identity.expires:
                raise IdentityError(f"The identity of {identity.node} ran out on {identity.expires}.", code="expired")
            return replace(identity, keyset=identity.keyset.at(datetime.combine(on, datetime.min.time(), UTC)))
        return identity


@lru_cache(maxsize=256)
def _verified(document: bytes) -> Identity:
    """Verify a document's form and both root signatures, once for the same bytes: each link asks for its partner's."""
    try:
        keyset, signatures, signed = read(document)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise IdentityError(f"The identity document cannot be read: {error}.", code="identity-form") from error
    root = {name: entry.public for name, entry in keyset.of(ROOT)[1].items()}
    for algorithm in SUITES[keyset.suite].root:
        if not root[algorithm].verifies(signatures.get(algorithm, b""), signed):
            raise IdentityError(
                f"The {algorithm} signature of {keyset.node}'s identity does not hold.", code="bad-signature"
            )
    return Identity(keyset, fingerprint(root), document)


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
        sign: pairs by algorithm; they sign documents.
        log: pairs by algorithm; they sign checkpoints, our own and, as witness, those of partners.
        seals: open what partners sealed for us; the current one first, then those that overlap with it.
        tls: answers and makes links.
        document: the identity document that the root signed over the public halves.
        root: pairs by algorithm; empty unless the keys were just made.
    """

    node: str
    sign: Pairs
    log: Pairs
    seals: tuple[Pair, ...]
    tls: Pair
    document: bytes
    root: Pairs

    @property
    def seal(self) -> Pair:
        """The current sealing key."""
        return self.seals[0]

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

    @property
    def everyday(self) -> list[Pair]:
        """All pairs but the root's."""
        return [*self.sign.values(), *self.log.values(), *self.seals, self.tls]

    def identity_document(self) -> bytes:
        """The document for partners."""
        return self.document

    @classmethod
    def generate(cls, node: str, *, now: datetime, tokens: Mapping[str, Pair] | None = None) -> NodeKeys:
        """Make all keys of a new node.

        Args:
            node: its id.
            now: from when on they are used.
            tokens: keys on a token by role, each in the place of the one of its algorithm.

        Raises:
            IdentityError: the id has characters that a node id cannot have.
        """
        if not NODE.fullmatch(node):
            raise IdentityError(f"“{node}” is no node id. Use a–z, 0–9 and hyphens, 63 characters at most.")
        start = now.replace(microsecond=0)
        given = tokens or {}
        root = new_pairs(CURRENT, ROOT, given.get(ROOT))
        made = {role: new_pairs(CURRENT, role, given.get(role)) for role in ROLES}
        entries = [
            *new_entries(ROOT, 1, root, start),
            *(e for role in made for e in new_entries(role, 1, made[role], start)),
        ]
        keyset = KeySet(node, CURRENT, 1, start, valid_until(entries, start), tuple(entries))
        pairs = [pair for role in made.values() for pair in role.values()]
        return cls.of(keyset.sign(root), pairs, root)

    @classmethod
    def of(cls, document: bytes, pairs: list[Pair], root: Pairs | None = None) -> NodeKeys:
        """The keys that a document names, out of those at hand.

        Raises:
            IdentityError: a current key is not at hand.
        """
        identity = Identity.parse(document, on=None)
        held = {pair.public.kid: pair for pair in pairs}
        ours = {
            role: [{name: held.get(public.kid) for name, public in one.items()} for one in identity.generations(role)]
            for role in ROLES
        }
        current = {role: {name: pair for name, pair in ours[role][0].items() if pair} for role in ROLES}
        if any(len(current[role]) != len(ours[role][0]) for role in ROLES):
            raise IdentityError(f"The keys of {identity.node} are not those of its identity.json. Restore both.")
        seals = tuple(pair for one in ours["seal"] for pair in one.values() if pair)
        (tls,) = current["tls"].values()
        return cls(identity.node, current["sign"], current["log"], seals, tls, document, root or {})

    def save(self, folder: Path, passphrase: bytes | None = None) -> None:
        """Write the keys of a new node so that only their owner can read them; root and others in files of their own.

        Raises:
            IdentityError: there are keys in the folder already.
        """
        from sild.trust import keystore

        keystore.write(folder, "root.key", self.root.values(), passphrase)
        keystore.write(folder, "node.key", self.everyday, passphrase)
        keystore.write_public(folder / "identity.json", self.document)

    @classmethod
    def load(cls, folder: Path, passphrase: bytes | None = None) -> NodeKeys:
        """Read the working keys; the root may be elsewhere.

        Raises:
            IdentityError: they are missing, readable by others, locked, or not those of the identity beside them.
        """
        from sild.trust import keystore

        pairs = keystore.read(folder / "node.key", passphrase)
        try:
            document = (folder / "identity.json").read_bytes()
        except OSError as error:
            raise IdentityError(f"{folder}/identity.json cannot be read: {error.strerror}.") from error
        return cls.of(document, pairs)


def new_pairs(suite: str, role: str, token: Pair | None = None) -> Pairs:
    """New keys for a role, by algorithm; a key on a token takes the place of the one of its algorithm.

    Raises:
        IdentityError: keys of that role are of other algorithms than the token's.
    """
    names = sorted(algorithms(suite, role))
    if token is not None and token.algorithm not in names:
        raise IdentityError(f"The keys of the role {role} are {', '.join(names)}; a token has none of them.")
    return {name: token if token and name == token.algorithm else Pair.generate(name) for name in names}


def new_entries(role: str, generation: int, pairs: Pairs, start: datetime) -> list[Entry]:
    """The document's entries for new keys."""
    last = start + timedelta(days=365 * ROOT_YEARS) if role == ROOT else end(role, start)
    return [Entry(role, generation, pair.public, start, last) for pair in pairs.values()]


def valid_until(entries: list[Entry], now: datetime) -> date:
    """Last day of a document: a year, or the end of its log or TLS keys if that comes first.

    The sealing key is left out: one that should have been replaced is warned of, but stops no exchange.
    """
    newest = {role: max(entry.generation for entry in entries if entry.role == role) for role in ROLES}
    ends = [
        entry.last
        for entry in entries
        if entry.role in {"sign", "log", "tls"} and entry.generation == newest[entry.role]
    ]
    return min([now + timedelta(days=VALID_DAYS), *ends]).date()
