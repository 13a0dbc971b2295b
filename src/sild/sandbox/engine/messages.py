"""What programs hand to the kernel, read as bytes: socket addresses and questions to name servers."""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass

DNS_PORT = 53
_HEADER = 12
_LABEL_AT_MOST = 63


@dataclass(frozen=True, slots=True)
class Address:
    """An internet address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(raw: bytes) -> Address | None:
    """The internet address in a struct sockaddr (ip(7), ipv6(7)); None when it is of another family or too short."""
    family = int.from_bytes(raw[:2], "little")
    if family == socket.AF_INET and len(raw) >= 8:  # noqa: PLR2004 -- up to the address
        return Address(str(ipaddress.IPv4Address(raw[4:8])), int.from_bytes(raw[2:4], "big"))
    if family == socket.AF_INET6 and len(raw) >= 24:  # noqa: PLR2004
        host = ipaddress.IPv6Address(raw[8:24])
        return Address(str(host.ipv4_mapped or host), int.from_bytes(raw[2:4], "big"))
    return None


def name_asked(packet: bytes) -> str | None:
    """The first name that a question to a name server asks for (RFC 1035, section 4.1); None when it is none."""
    if len(packet) < _HEADER or not struct.unpack_from(">H", packet, 4)[0]:
        return None
    labels, at = [], _HEADER
    while at < len(packet) and (length := packet[at]):
        if length > _LABEL_AT_MOST or at + 1 + length > len(packet):
            return None
        labels.append(packet[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels) if labels and at < len(packet) else None
