"""What officials do with this node's own keys: rotate them, revoke one, and tell partners through the log."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import identities, own, services
from sild.exchange.enums import Tlp
from sild.exchange.gate import PARTNERS
from sild.exchange.models import IdentityDocument, Record
from sild.people import audit
from sild.people.enums import Right
from sild.trust import rotation
from sild.trust.identity import Identity
from sild.trust.lifetimes import endings
from sild.trust.token import obtain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sild.people.actor import Actor
    from sild.trust.identity import NodeKeys

KIND = "trust.identity"


def rotate(actor: Actor, roles: Sequence[str], root: Path | None = None, token: str = "") -> Identity:
    """New keys for some roles; what the old ones sealed and signed goes on to count for the overlap.

    Args:
        actor: an administrator.
        roles: of `sign`, `log`, `seal`, `tls`.
        root: the file or folder with the root's private keys; those of the node's own folder when None.
        token: PKCS#11 URI of the new Ed25519 key, for one role alone; empty to keep both new keys in a file.

    Raises:
        NotAllowedError: the actor does not administer.
        IdentityError: the root cannot be read, or is another one; nothing was changed.
    """
    actor.require(Right.ADMINISTER)
    keys = own.node_keys()
    pair = obtain(token) if token else None
    return _install(actor, keys, rotation.rotate(keys, _root(root), roles, now=datetime.now(UTC), token=pair))


def revoke(actor: Actor, kid: str, reason: str, root: Path | None = None) -> Identity:
    """Take out a key that was lost or compromised; see `rotate` for the other arguments and errors."""
    actor.require(Right.ADMINISTER)
    keys = own.node_keys()
    return _install(actor, keys, rotation.revoke(keys, _root(root), kid, reason, now=datetime.now(UTC)))


def renew_sealing_key(actor: Actor) -> Identity | None:
    """Replace the sealing key when its 90 days are over; None when they are not.

    Raises:
        IdentityError: it is due, but the root is not at hand: whoever keeps it must rotate.
    """
    now = datetime.now(UTC)
    current = Identity.parse(own.node_keys().document, on=None).current
    if any(entry.last > now for entry in current if entry.role == "seal"):
        return None
    return rotate(actor, ["seal"])


@transaction.atomic
def announce(actor: Actor) -> Record | None:
    """Publish this node's identity if it is newer than what the log says; done again after a crash, never twice."""
    keys = own.node_keys()
    identity = Identity.parse(keys.document, on=None)
    rows = IdentityDocument.objects.filter(node=identity.node, fingerprint=identity.fingerprint)
    if rows.filter(serial=identity.serial).exists():
        return None
    before = rows.first()
    identities.remember(identity)
    if before is None:
        return None
    body = _body(identity, Identity.parse(bytes(before.document), on=None))
    audit.note(
        actor, "trust.identity", identity.node, **{name: body[name] for name in ("serial", "changed", "revoked")}
    )
    return services.publish(actor, kind=KIND, subject=identity.node, body=body, tlp=Tlp.CLEAR, audience=PARTNERS)


def forget(actor: Actor) -> list[str]:
    """Destroy private keys whose overlap has ended; `sild up` does it at each start."""
    actor.require(Right.ADMINISTER)
    gone = rotation.forget(own.node_keys(), settings.CONFIG.keys, own.passphrase(), now=datetime.now(UTC))
    if gone:
        audit.note(actor, "trust.forget-keys", own.node_id(), keys=gone)
    return gone


def endings_of(identity: Identity) -> list[dict[str, Any]]:
    """What of an identity runs out soon, in words for people."""
    names = {
        "identity": _("The identity as a whole"),
        "sign": _("The keys that sign documents"),
        "log": _("The keys of the log"),
        "seal": _("The sealing key"),
        "tls": _("The key of the links"),
    }
    return [{"name": names[one.what], "ends": one.ends} for one in endings(identity, datetime.now(UTC))]


def _install(actor: Actor, keys: NodeKeys, new: NodeKeys) -> Identity:
    """Remember the document of before, put the new keys in place, and tell partners."""
    identities.remember(Identity.parse(keys.document, on=None))
    rotation.store(new, settings.CONFIG.keys, own.passphrase())
    announce(actor)
    return Identity.parse(new.document, on=None)


def _body(identity: Identity, before: Identity) -> dict[str, Any]:
    """What the record says: the document itself, and what changed in it."""
    known = {entry.public.kid for entry in before.current}
    gone = set(identity.revoked) - set(before.revoked)
    return {
        "serial": identity.serial,
        "changed": sorted({entry.role for entry in identity.current if entry.public.kid not in known}),
        "revoked": sorted((one.plain for one in gone), key=lambda plain: plain["kid"]),
        "document": identity.document.decode(),
    }


def _root(path: Path | None) -> dict[str, Any]:
    """The private root keys; SILD_ROOT_PASSPHRASE opens them if they have a passphrase of their own."""
    passphrase = os.environ.get("SILD_ROOT_PASSPHRASE", "").encode() or own.passphrase()
    return rotation.read_root(path or settings.CONFIG.keys, passphrase)
