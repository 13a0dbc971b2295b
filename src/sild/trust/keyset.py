"""The identity document as it is written: a JWK Set (RFC 7517) with a serial that only grows, signed by the root.

Members that RFC 7517 does not know are allowed in a JWK and in a JWK Set, and others ignore them (sections 4 and 5).
So the signed document is itself the JWK Set that any JOSE library reads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sild.trust.encoding import b64u, canonical, parse_canonical, unb64u
from sild.trust.keys import Public
from sild.trust.lifetimes import ROLES
from sild.trust.record import NODE
from sild.trust.suites import SUITES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sild.trust.keys import Pair

FORMAT = "sild-identity/2"
DOMAIN = b"sild/identity/v2\n"
MAX_DOCUMENT = 256 * 1024
MAX_SERIAL = 2**53
REASONS = ("superseded", "lost", "compromised")
TIME = "%Y-%m-%dT%H:%M:%SZ"
ROOT = "root"


@dataclass(frozen=True)
class Entry:
    """A public key in the document.

    Attributes:
        role: `root`, `sign`, `log`, `seal` or `tls`.
        generation: keys of one role and generation belong together; the highest is the current one.
        public: the key.
        first, last: between when it is used (`nbf` and `exp`); for an older generation `last` ends the overlap.
    """

    role: str
    generation: int
    public: Public
    first: datetime
    last: datetime

    @property
    def jwk(self) -> dict[str, Any]:
        """The key as JWK; `kid` is its thumbprint (RFC 7638)."""
        return {
            **self.public.jwk,
            "kid": self.public.kid,
            "use": "enc" if self.role == "seal" else "sig",
            "role": self.role,
            "generation": self.generation,
            "nbf": int(self.first.timestamp()),
            "exp": int(self.last.timestamp()),
        }

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> Entry:
        """Read what `jwk` wrote; any flaw is a ValueError, KeyError or TypeError."""
        first, last = (datetime.fromtimestamp(_number(jwk[name]), UTC) for name in ("nbf", "exp"))
        entry = cls(str(jwk["role"]), _number(jwk["generation"]), Public.from_jwk(dict(jwk)), first, last)
        if entry.jwk != jwk or entry.role not in {ROOT, *ROLES} or first >= last:
            raise ValueError(f"the key {jwk.get('kid')} has members that contradict each other")
        return entry


@dataclass(frozen=True, slots=True)
class Revocation:
    """A key that no longer counts.

    Attributes:
        kid: its thumbprint.
        role: what it was for.
        reason: `superseded`, `lost` or `compromised`.
        at: from when on it does not count.
    """

    kid: str
    role: str
    reason: str
    at: datetime

    @property
    def plain(self) -> dict[str, str]:
        """As it is written."""
        return {"kid": self.kid, "role": self.role, "reason": self.reason, "at": self.at.strftime(TIME)}

    @classmethod
    def read(cls, plain: Mapping[str, str]) -> Revocation:
        """Read what `plain` wrote; any flaw is a ValueError, KeyError or TypeError."""
        one = cls(plain["kid"], plain["role"], plain["reason"], read_time(plain["at"]))
        if one.plain != plain or one.reason not in REASONS or one.role not in ROLES:
            raise ValueError(f"the revocation of {one.kid} has not the form of one")
        return one


@dataclass(frozen=True)
class KeySet:
    """What the root signs.

    Attributes:
        node: the node's id.
        suite: the suite of its keys.
        serial: from 1; a document with a lower one than was seen is a rollback.
        issued: when it was signed.
        expires: last day on which it counts.
        entries: its keys, those of the root included.
        revoked: keys that were in an earlier document and no longer count.
    """

    node: str
    suite: str
    serial: int
    issued: datetime
    expires: date
    entries: tuple[Entry, ...]
    revoked: tuple[Revocation, ...] = ()

    @property
    def plain(self) -> dict[str, Any]:
        """A JWK Set as it is signed."""
        return {
            "format": FORMAT,
            "node": self.node,
            "suite": self.suite,
            "serial": self.serial,
            "issued": self.issued.strftime(TIME),
            "expires": self.expires.isoformat(),
            "keys": [entry.jwk for entry in self.entries],
            "revoked": [one.plain for one in self.revoked],
        }

    def sign(self, root: Mapping[str, Pair]) -> bytes:
        """The document: the JWK Set with a signature by every root key over all else in it."""
        signed = DOMAIN + canonical(self.plain)
        signatures = {name: b64u(pair.sign(signed)) for name, pair in root.items()}
        return canonical({**self.plain, "signatures": signatures})

    def of(self, role: str) -> dict[int, dict[str, Entry]]:
        """Entries of a role by generation, newest first, and by algorithm."""
        generations: dict[int, dict[str, Entry]] = {}
        for entry in sorted(self.entries, key=lambda entry: -entry.generation):
            if entry.role == role:
                generations.setdefault(entry.generation, {})[entry.public.algorithm] = entry
        return generations

    def at(self, now: datetime) -> KeySet:
        """The set without the older generations whose overlap has ended."""
        newest = {role: max(self.of(role)) for role in (ROOT, *ROLES)}
        kept = [entry for entry in self.entries if entry.generation == newest[entry.role] or entry.last > now]
        return replace(self, entries=tuple(kept))


def read(document: bytes) -> tuple[KeySet, dict[str, bytes], bytes]:
    """Take a document apart without verifying it; any flaw is a ValueError, KeyError or TypeError.

    Returns:
        The set, the signatures by algorithm, and the bytes that they sign.
    """
    if len(document) > MAX_DOCUMENT:
        raise ValueError(f"it has more than {MAX_DOCUMENT} bytes")
    plain = parse_canonical(document)
    signatures = {name: unb64u(value) for name, value in plain.pop("signatures").items()}
    if plain["format"] != FORMAT:
        raise ValueError(f"its format is {plain['format']}, not {FORMAT}")
    keys = KeySet(
        node=plain["node"],
        suite=plain["suite"],
        serial=_number(plain["serial"]),
        issued=read_time(plain["issued"]),
        expires=date.fromisoformat(plain["expires"]),
        entries=tuple(map(Entry.from_jwk, plain["keys"])),
        revoked=tuple(map(Revocation.read, plain["revoked"])),
    )
    if keys.plain != plain or not NODE.fullmatch(keys.node):
        raise ValueError("it has members that do not belong there, or an odd node id")
    _check(keys)
    return keys, signatures, DOMAIN + canonical(plain)


def algorithms(suite: str, role: str) -> set[str]:
    """Which keys of a role belong together in a suite."""
    table = SUITES[suite]
    wanted = {ROOT: table.root, "sign": table.sign, "log": table.log, "seal": (table.seal,), "tls": (table.tls,)}
    return set(wanted[role])


def read_time(text: str) -> datetime:
    """UTC time to the second in its one spelling; anything else is a ValueError."""
    time = datetime.fromisoformat(text).astimezone(UTC)  # strptime would import locale and calendar
    if time.strftime(TIME) != text:
        raise ValueError(f"“{text}” is no time of the form 2026-11-25T16:00:00Z")
    return time


def _check(keys: KeySet) -> None:
    """Every role is there with all its algorithms, no key twice, none revoked, one root."""
    for role in (ROOT, *ROLES):
        generations = keys.of(role)
        wanted = algorithms(keys.suite, role)
        if not generations or any(set(generation) != wanted for generation in generations.values()):
            raise ValueError(f"its {role} keys are not those of the suite {keys.suite}")
    kids = [entry.public.kid for entry in keys.entries]
    revoked = {one.kid for one in keys.revoked}
    if len(keys.of(ROOT)) != 1 or len(set(kids)) != len(kids) or revoked & set(kids):
        raise ValueError("it has two roots, a key twice, or a key that it revokes")


def _number(value: Any) -> int:
    """A number from 1 up that JSON readers agree on; anything else is a ValueError."""
    if type(value) is not int or not 1 <= value < MAX_SERIAL:
        raise ValueError(f"“{value}” is no number from 1 up")
    return value
