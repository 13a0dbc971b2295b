"""Checks of the values of cyber observables, whose form other standards say (STIX 2.1, section 6)."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any

from sild.threats.engine.flaws import wrong

if TYPE_CHECKING:
    from sild.threats.engine.flaws import Check, Flaws

# RFC 3986, section 3: a scheme, and something after it. Addresses of attackers break the rest of it on purpose.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+", re.DOTALL | re.ASCII)
# RFC 5322, section 3.4.1, without a display name.
_MAILBOX = re.compile(r"[^<>]+@[^@\s<>]+")
_SHORT_HIVE = re.compile(r"(?:HKLM|HKCC|HKCR|HKCU|HKU)(?:\\|\Z)", re.IGNORECASE)
# NISTIR 7695, section 6.2: a part and ten more components, in which a colon is escaped.
_CPE = re.compile(r"cpe:2\.3:[aho*-](?::(?:[^:\\]|\\.)+){10}")
_NUMBERED = {"cve": re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII), "capec": re.compile(r"CAPEC-\d+", re.ASCII)}


def _matching(form: re.Pattern[str], sentence: str) -> Check:
    """A string of a form."""

    def check(value: Any) -> Flaws:
        return None if isinstance(value, str) and form.fullmatch(value) else wrong(f"{sentence}: {str(value)[:60]}")

    return check


uri = _matching(_URI, "is no URI, which begins with a scheme such as https:")
mailbox = _matching(_MAILBOX, "is no e-mail address without a name")
cpe = _matching(_CPE, "is no CPE 2.3 name")


def network(kind: type[IPv4Network | IPv6Network]) -> Check:
    """Sections 6.7 and 6.8: an address, or a range of them in CIDR notation."""

    def check(value: Any) -> Flaws:
        try:
            kind(value if isinstance(value, str) else "", strict=False)
        except ValueError:
            return wrong(f"is no {'IPv4' if kind is IPv4Network else 'IPv6'} address or CIDR block: {str(value)[:60]}")
        return None

    return check


def registry_key(value: Any) -> Flaws:
    """Section 6.17: the hive is written out."""
    if isinstance(value, str) and not _SHORT_HIVE.match(value):
        return None
    return wrong(f"does not write its hive out, as in HKEY_LOCAL_MACHINE: {str(value)[:60]}")


def numbered(reference: dict[str, Any]) -> Flaws:
    """Section 2.5.2: a reference to CVE or CAPEC has a number of theirs, when it has any."""
    form = _NUMBERED.get(reference["source_name"])
    name = reference.get("external_id")
    if form is None or name is None or form.fullmatch(name):
        return None
    return wrong(f"is no number of {reference['source_name'].upper()}: {name[:60]}", "external_id")
