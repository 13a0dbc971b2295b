"""How long each kind of key is used, how long old and new ones overlap, and what runs out soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sild.trust.identity import Identity


class Lifetime(NamedTuple):
    """How long keys of a role are used.

    Attributes:
        role: `sign`, `log`, `seal` or `tls`.
        days: from a key's first day until it should have been replaced.
        warn_days: how long before that people are told.
        reason: why so long and not longer.
    """

    role: str
    days: int
    warn_days: int
    reason: str


LIFETIMES: dict[str, Lifetime] = {
    one.role: one
    for one in (
        Lifetime(
            "sign",
            365,
            30,
            "A document's signature is checked against the identity that travels with it; a year bounds what a stolen "
            "key can sign, and fits the yearly ceremony with the root.",
        ),
        Lifetime(
            "log",
            365,
            30,
            "Each checkpoint is cosigned by partners, so a stolen log key cannot rewrite history; a year bounds what "
            "it could add.",
        ),
        Lifetime(
            "seal",
            90,
            14,
            "Whoever records the traffic and later steals the key opens everything that was sealed for it; 90 days "
            "bound that loss, since the private half is destroyed when the overlap ends.",
        ),
        Lifetime(
            "tls",
            365,
            30,
            "Each link has its own ephemeral keys, so this one only says who is there; a year fits the ceremony.",
        ),
    )
}
ROLES = tuple(LIFETIMES)
# A partner that is away for a week catches up by itself; a month leaves room for holidays and slow ceremonies.
OVERLAP_DAYS = 30


def end(role: str, start: datetime) -> datetime:
    """When a key of that role, made at `start`, should have been replaced."""
    return start + timedelta(days=LIFETIMES[role].days)


class Ending(NamedTuple):
    """A key, or the whole identity, that runs out soon or did.

    Attributes:
        what: a role, or `identity`.
        ends: when.
        days: whole days left; negative when it is past.
    """

    what: str
    ends: datetime
    days: int


def endings(identity: Identity, now: datetime) -> list[Ending]:
    """What of an identity runs out within its time of warning, the most urgent first."""
    last_day = datetime.combine(identity.expires + timedelta(days=1), datetime.min.time(), UTC)
    ends = {"identity": (last_day, max(one.warn_days for one in LIFETIMES.values()))}
    for key in identity.current:
        ends[key.role] = (key.last, LIFETIMES[key.role].warn_days)
    found = [Ending(what, when, (when - now).days) for what, (when, warn) in ends.items() if (when - now).days < warn]
    return sorted(found, key=lambda ending: ending.ends)
