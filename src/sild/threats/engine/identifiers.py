"""Identifiers (STIX 2.1, section 2.9) and the deterministic ones of cyber observables."""

from __future__ import annotations

import re
import uuid
from typing import Any

import rfc8785

NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
TYPE = re.compile(r"(?=.{3,250}\Z)[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
IDENTIFIER = re.compile(
    r"([a-z0-9]+(?:-[a-z0-9]+)*)--([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-([1-8])[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12})"
)
# The first of these that there is contributes; others only when none of them is there (section 2.9).
PREFERRED_HASHES = ("MD5", "SHA-1", "SHA-256", "SHA-512")
CONTRIBUTING: dict[str, tuple[str, ...]] = {
    "artifact": ("hashes", "payload_bin"),
    "autonomous-system": ("number",),
    "directory": ("path",),
    "domain-name": ("value",),
    "email-addr": ("value",),
    "email-message": ("from_ref", "subject", "body"),
    "file": ("hashes", "name", "parent_directory_ref", "extensions"),
    "ipv4-addr": ("value",),
    "ipv6-addr": ("value",),
    "mac-addr": ("value",),
    "mutex": ("name",),
    "network-traffic": ("start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"),
    "process": (),
    "software": ("name", "cpe", "swid", "vendor", "version"),
    "url": ("value",),
    "user-account": ("account_type", "user_id", "account_login"),
    "windows-registry-key": ("key", "values"),
    "x509-certificate": ("hashes", "serial_number"),
}


def deterministic_id(observable: dict[str, Any]) -> str | None:
    """The UUIDv5 identifier of an observable; None when nothing in it contributes, so that it takes a UUIDv4.

    Raises:
        ValueError: a contributing value has no canonical form (RFC 8785).
    """
    kind = observable["type"]
    said = {name: observable[name] for name in CONTRIBUTING.get(kind, ()) if name in observable}
    if not said:
        return None
    if isinstance(said.get("hashes"), dict):
        said["hashes"] = _one_hash(said["hashes"])
    return f"{kind}--{uuid.uuid5(NAMESPACE, rfc8785.dumps(said).decode())}"


def _one_hash(hashes: dict[str, Any]) -> dict[str, Any]:
    """The hash that contributes."""
    name = next((name for name in PREFERRED_HASHES if name in hashes), min(hashes, default=""))
    return {name: hashes.get(name)}


def type_of(identifier: str) -> str:
    """The type in an identifier."""
    return identifier.partition("--")[0]
