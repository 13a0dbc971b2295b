"""Which algorithms belong together and when they may be used: retiring one is a change of data, not of code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sild.trust.errors import SuiteError


@dataclass(frozen=True, slots=True)
class Suite:
    """A set of algorithms with the dates between which what was made under it is accepted.

    Attributes:
        name: as it stands in a record's header.
        root: signature algorithms of the identity, all required.
        sign: signature algorithms of a document, all required.
        log: signature algorithms of a checkpoint, all required.
        seal: algorithm of the sealing key.
        tls: algorithm of the key that answers and makes links.
        witness: signature algorithm of a cosignature.
        kem: how a content key is sealed (HPKE).
        first: first day on which it may be used.
        last: last day on which it may be used.
    """

    name: str
    root: tuple[str, ...]
    sign: tuple[str, ...]
    log: tuple[str, ...]
    seal: str
    tls: str
    witness: str
    kem: str
    first: date
    last: date


CURRENT = "sild-2026"

# EU coordinated implementation roadmap for the transition to post-quantum cryptography (NIS Cooperation Group, v1.1,
# June 2025): high-risk uses are done by the end of 2030; a suite that leans on Ed25519 is not accepted after that.
SUITES: dict[str, Suite] = {
    CURRENT: Suite(
        name=CURRENT,
        root=("Ed25519", "ML-DSA-87"),
        sign=("Ed25519", "ML-DSA-65"),
        log=("Ed25519", "ML-DSA-44"),
        seal="X-Wing",
        tls="ML-DSA-65",
        witness="ML-DSA-44",
        kem="HPKE-MLKEM768-X25519-HKDF-SHA256-AES-256-GCM",
        first=date(2026, 1, 1),
        last=date(2030, 12, 31),
    ),
}


def require_usable(name: str, on: date) -> Suite:
    """The suite of that name if it may be used on that day.

    Raises:
        SuiteError: code `unknown-suite`, `early-suite` or `retired-suite`.
    """
    suite = SUITES.get(name)
    if suite is None:
        raise SuiteError(f"The suite “{name}” is unknown here. Known: {', '.join(SUITES)}.", code="unknown-suite")
    if on < suite.first:
        raise SuiteError(f"The suite {name} may not be used before {suite.first}.", code="early-suite")
    if on > suite.last:
        raise SuiteError(f"The suite {name} was retired after {suite.last}.", code="retired-suite")
    return suite
