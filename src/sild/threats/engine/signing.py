"""Requests signed by RFC 9421 with Ed25519, and addresses that a server may be sent to."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms

from .sentences import DeskError, _

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

COVERED = ("@method", "@target-uri", "content-digest", "content-type")
LABEL = "sild"


class TargetError(DeskError):
    """The address is none to which this node sends."""

    code = "webhook-target"


@dataclass(slots=True)
class Message:
    """A request as the library signs it."""

    method: str
    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Keys(HTTPSignatureKeyResolver):
    """Knows one key."""

    def __init__(self, private: Ed25519PrivateKey | None, public: Ed25519PublicKey) -> None:
        self._private, self._public = private, public

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        """The key that signs."""
        del key_id
        assert self._private is not None
        return self._private

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        """The key that verifies."""
        del key_id
        return self._public


def sign(message: Message, seed: bytes, key_id: str, now: datetime) -> None:
    """Add Content-Digest (RFC 9530), Signature-Input and Signature (RFC 9421, section 3.1) to a request.

    Args:
        message: the request; its headers are added to.
        seed: the Ed25519 private key, 32 bytes.
        key_id: by which the receiver knows the key.
        now: becomes `created`.
    """
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Keys(key, key.public_key()))
    signer.sign(message, key_id=key_id, created=now, covered_component_ids=COVERED, label=LABEL, body=message.body)


def public_key(seed: bytes) -> str:
    """The public key in PEM, as receivers are given it."""
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def resolve(url: str, allowed: Iterable[str]) -> str:
    """The address to connect to for a URL: looked up once, and used as it was judged, so that it cannot change after.

    Args:
        url: https; http only within the allowed networks.
        allowed: networks beside the public internet, as in `10.20.0.0/16`.

    Raises:
        TargetError: it is no such URL, has no address, or one of its addresses is not public and not allowed.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.password:
        raise TargetError(_("A webhook's address is https://host/… without a user name."))
    networks = [ipaddress.ip_network(one) for one in allowed]
    addresses = [ipaddress.ip_address(one) for one in _look_up(parts.hostname, parts.port or 443)]
    for address in addresses:
        is_allowed = any(address in network for network in networks)
        if not is_allowed and (not address.is_global or address.is_multicast):
            raise TargetError(
                _("%(host)s is at %(address)s, which is not public. The operator allows it by SILD_WEBHOOK_NETWORKS."),
                host=parts.hostname,
                address=address,
            )
        if parts.scheme == "http" and not is_allowed:
            raise TargetError(_("A webhook's address is https://host/… without a user name."))
    return str(addresses[0])


def _look_up(host: str, port: int) -> list[str]:
    """Every address of a host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetError(_("%(host)s has no address: %(why)s"), host=host, why=error) from error
    return list(dict.fromkeys(str(row[4][0]) for row in found))
