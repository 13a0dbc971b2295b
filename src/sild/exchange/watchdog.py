"""Noticing silence: of a part of this node that should work, and of a partner that should have been reached."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import close_old_connections
from django.utils import timezone

from sild.exchange.enums import PartnerState
from sild.exchange.models import Heartbeat, Partner

if TYPE_CHECKING:
    from datetime import datetime

PARTS = ("worker", "exchange")
BEAT_SECONDS = 10.0
# A round imports a few thousand records at most, and a beat waits for it.
STILL = timedelta(minutes=2)
# An idle partner answers twice a minute, and one that is down is asked every five.
SILENT = timedelta(minutes=15)


class Pulse:
    """Says every ten seconds, when asked to, that a part of the node works."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._last = float("-inf")

    def beat(self) -> None:
        """Write the time, unless that was done a moment ago."""
        if time.monotonic() - self._last >= BEAT_SECONDS:
            self._last = time.monotonic()
            Heartbeat.objects.update_or_create(part=self._part, defaults={"at": timezone.now()})


def beat_beside(part: str) -> threading.Thread:
    """Beat for a part whose loop is not ours, from a thread of its own, for as long as its process lives."""
    thread = threading.Thread(target=_beat_for_ever, args=(Pulse(part),), daemon=True)
    thread.start()
    return thread


def _beat_for_ever(pulse: Pulse) -> None:
    """Beat and wait."""
    while True:
        close_old_connections()
        pulse.beat()
        time.sleep(BEAT_SECONDS)


def state(part: str) -> str:
    """`ok`, or since when a part of the node has been still."""
    beat = Heartbeat.objects.filter(part=part).first()
    if beat is None:
        return "has not started"
    still = timezone.now() - beat.at
    return "ok" if still < STILL else f"silent for {still.total_seconds():.0f} s"


def last_reached(partner: Partner) -> datetime | None:
    """When everything that a partner had was imported last; for one never reached, when it was pinned."""
    return partner.last_round or partner.pinned_at


def is_silent(partner: Partner) -> bool:
    """Whether a partner that records should come from has not been reached for a quarter of an hour."""
    last = last_reached(partner)
    return partner.state == PartnerState.PINNED and last is not None and timezone.now() - last > SILENT


def silent_partners() -> list[Partner]:
    """All of those."""
    return [partner for partner in Partner.objects.filter(state=PartnerState.PINNED) if is_silent(partner)]
