"""IP addresses: which candidates are addresses, and what kind of network they belong to."""

from __future__ import annotations

import ipaddress
import re

_VERSION_WORD = re.compile(
    r"v|ver|versions?|release|build|rel|firmware|sections?|chapter|oid|versioon\w*|väljalas\w*|püsivara\w*|punkt\w*|jaotis\w*"
    r"|версі\w+|верси\w+|збірк\w+|прошивк\w+|розділ\w*|пункт\w*|п|§",
    re.IGNORECASE,
)
_LOOK_BACK = 24
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\Z)|\Z)){4}", re.ASCII)
# IANA's registries of special-purpose addresses (RFC 6890), with documentation by RFC 5737, RFC 3849 and RFC 9637.
_SPECIAL = {
    "documentation": "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20",
    "loopback": "127.0.0.0/8 ::1/128",
    "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7",
    "reserved": "0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 198.18.0.0/15 224.0.0.0/3 ::/128 fe80::/10 ff00::/8",
}
_NETWORKS = [
    (network.version, int(network.network_address), int(network.netmask), name)
    for name, networks in _SPECIAL.items()
    for network in map(ipaddress.ip_network, networks.split())
]
_BY_FIRST_OCTET: list[list[tuple[int, int, str]]] = [
    [
        (base, mask, name)
        for version, base, mask, name in _NETWORKS
        if version == 4 and octet << 24 & mask == base & mask & 0xFF000000  # noqa: PLR2004 -- IPv4
    ]
    for octet in range(256)
]
_EUI64_GROUPS = 8


def ipv4(token: str) -> bool:
    """True for four decimal groups up to 255 without leading zeros (RFC 6943 section 3.1.1)."""
    return bool(_IPV4.fullmatch(token))


def ipv6(token: str) -> str | None:
    """The address in canonical form (RFC 5952); None for times, MAC addresses and fingerprints."""
    groups = token.split(":")
    if len(groups) == _EUI64_GROUPS and all(len(group) == 2 for group in groups):  # noqa: PLR2004 -- octets, as in EUI-64
        return None
    try:
        return str(ipaddress.IPv6Address(token))
    except ValueError:
        return None


def follows_version(text: str, start: int) -> bool:
    """True when what stands before says that the numbers are a version or a section."""
    words = text[max(0, start - _LOOK_BACK) : start].rstrip(" :=#№.(").rsplit(None, 1)
    return bool(words and _VERSION_WORD.fullmatch(words[-1].lstrip("(")))


def scope4(address: str) -> str:
    """`public`, `private`, `loopback`, `documentation` or `reserved`, for an IPv4 address."""
    first, second, third, fourth = map(int, address.split("."))
    number = first << 24 | second << 16 | third << 8 | fourth
    return next((name for base, mask, name in _BY_FIRST_OCTET[first] if number & mask == base), "public")


def scope6(address: str) -> str:
    """The same for an IPv6 address."""
    number = int(ipaddress.IPv6Address(address))
    matching = (name for version, base, mask, name in _NETWORKS if version == 6 and number & mask == base)  # noqa: PLR2004
    return next(matching, "public")
