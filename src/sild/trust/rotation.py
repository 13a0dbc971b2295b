"""Changing keys: a new generation beside the old one, or a key taken out for good; each makes a new document.

Files are replaced in an order that survives a power cut: private keys first, old and new ones together, then the
document that says which of them count, then the private keys that are left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sild.trust import keystore
from sild.trust.errors import IdentityError
from sild.trust.identity import Identity, NodeKeys, Pairs, new_entries, new_pairs, valid_until
from sild.trust.keyset import ROOT, Entry, KeySet, Revocation
from sild.trust.lifetimes import OVERLAP_DAYS, ROLES
from sild.trust.suites import SUITES

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from sild.trust.keys import Pair


@dataclass(frozen=True, slots=True)
class _Change:
    """The next document's entries and the private keys that come with them."""

    entries: list[Entry]
    pairs: list[Pair]


def rotate(
    keys: NodeKeys, root: Pairs, roles: Collection[str], *, now: datetime, token: Pair | None = None
) -> NodeKeys:
    """New keys for some roles; the ones before go on for the overlap, older ones are revoked as superseded.

    Args:
        keys: the node's.
        root: the private root keys.
        roles: of `ROLES`.
        now: from when on the new keys are used.
        token: a key on a token, for the one role that is rotated.

    Raises:
        IdentityError: the root is not that of the document, or a role is unknown.
    """
    unknown = set(roles) - set(ROLES)
    if unknown:
        raise IdentityError(f"There is no role “{min(unknown)}”. Choose from {', '.join(ROLES)}.", code="role")
    keyset, now = _open(keys, root), now.replace(microsecond=0)
    change = _Change([], keys.everyday)
    for role in (ROOT, *ROLES):
        newest = max(keyset.of(role))
        for entry in keyset.entries:
            if entry.role == role and entry.generation == newest:
                change.entries.append(_shortened(entry, now) if role in roles else entry)
            elif entry.role == role and entry.last > now:
                change.entries.append(entry)
        if role in roles:
            _add(change, keyset.suite, role, newest + 1, now, token)
    return _issue(keyset, change, root, [], now)


def revoke(keys: NodeKeys, root: Pairs, kid: str, reason: str, *, now: datetime) -> NodeKeys:
    """Take out the key of that id with those that belong to it; a current one is replaced by a new one at once.

    Args:
        keys: the node's.
        root: the private root keys.
        kid: as `sild trust show` prints it; its first 8 characters or more are enough.
        reason: `lost` or `compromised`.
        now: from when on the key does not count.

    Raises:
        IdentityError: no such key, or more than one, or the root's, which a new ceremony replaces.
    """
    keyset, now = _open(keys, root), now.replace(microsecond=0)
    entry = _named(keyset, kid)
    gone = [one for one in keyset.entries if (one.role, one.generation) == (entry.role, entry.generation)]
    revoked = [Revocation(one.public.kid, one.role, reason, now) for one in gone]
    newest = max(keyset.of(entry.role))
    left = {one.kid for one in revoked}
    change = _Change(
        [one for one in keyset.entries if one not in gone], [p for p in keys.everyday if p.public.kid not in left]
    )
    if entry.generation == newest:
        _add(change, keyset.suite, entry.role, newest + 1, now)
    return _issue(keyset, change, root, revoked, now)


def read_root(path: Path, passphrase: bytes | None) -> Pairs:
    """The private root keys in a file, or in `root.key` in a folder.

    Raises:
        IdentityError: the file cannot be read or opened.
    """
    file = path / "root.key" if path.is_dir() else path
    return {pair.algorithm: pair for pair in keystore.read(file, passphrase)}


def store(keys: NodeKeys, folder: Path, passphrase: bytes | None) -> None:
    """Put new keys in the place of the old ones; at no moment are there a document and no keys for it."""
    old = keystore.read(folder / "node.key", passphrase)
    known = {pair.public.kid for pair in old}
    added = [pair for pair in keys.everyday if pair.public.kid not in known]
    keystore.replace(folder / "node.key", [*old, *added], passphrase)
    keystore.write_public(folder / "identity.json", keys.document)
    keystore.replace(folder / "node.key", keys.everyday, passphrase)


def forget(keys: NodeKeys, folder: Path, passphrase: bytes | None, *, now: datetime) -> list[str]:
    """Destroy the private halves of keys whose overlap has ended; returns their ids.

    What was recorded on its way and sealed for them can then be opened by nobody, not even by who takes this machine.
    """
    keyset = Identity.parse(keys.document, on=None).keyset
    ended = {entry.public.kid for entry in keyset.entries} - {entry.public.kid for entry in keyset.at(now).entries}
    pairs = keystore.read(folder / "node.key", passphrase)
    kept = [pair for pair in pairs if pair.public.kid not in ended]
    if len(kept) < len(pairs):
        keystore.replace(folder / "node.key", kept, passphrase)
    return sorted(pair.public.kid for pair in pairs if pair.public.kid in ended)


def _open(keys: NodeKeys, root: Pairs) -> KeySet:
    """The document's key set, if this root signed it."""
    identity = Identity.parse(keys.document, on=None)
    if {name: pair.public for name, pair in root.items()} != identity.root:
        raise IdentityError(f"That root is not the one that signed the identity of {keys.node}.", code="root")
    return identity.keyset


def _shortened(entry: Entry, now: datetime) -> Entry:
    """The entry as it stays beside a newer one."""
    return replace(entry, last=max(now + timedelta(days=OVERLAP_DAYS), entry.first + timedelta(seconds=1)))


def _add(change: _Change, suite: str, role: str, generation: int, now: datetime, token: Pair | None = None) -> None:
    """Make new keys of a role."""
    pairs = new_pairs(suite, role, token)
    change.entries.extend(new_entries(role, generation, pairs, now))
    change.pairs.extend(pairs.values())


def _issue(keyset: KeySet, change: _Change, root: Pairs, revoked: list[Revocation], now: datetime) -> NodeKeys:
    """Sign the next document; what left it without a reason was superseded."""
    kept = {entry.public.kid for entry in change.entries}
    said = {one.kid for one in revoked}
    superseded = [
        Revocation(entry.public.kid, entry.role, "superseded", now)
        for entry in keyset.entries
        if entry.public.kid not in kept | said
    ]
    following = replace(
        keyset,
        serial=keyset.serial + 1,
        issued=max(now, keyset.issued),
        expires=valid_until(change.entries, now),
        entries=tuple(change.entries),
        revoked=(*keyset.revoked, *revoked, *superseded),
    )
    signed = {name: root[name] for name in SUITES[keyset.suite].root}
    return NodeKeys.of(following.sign(signed), change.pairs)


def _named(keyset: KeySet, kid: str) -> Entry:
    """The one entry whose id starts like that."""
    shortest = 8
    found = [entry for entry in keyset.entries if entry.public.kid.startswith(kid)] if len(kid) >= shortest else []
    if len(found) != 1:
        raise IdentityError(f"“{kid}” names no one key of this node. See: sild trust show", code="kid")
    if found[0].role == ROOT:
        raise IdentityError(
            "The root is not revoked by itself: make a new node and compare fingerprints anew.", code="root"
        )
    return found[0]
