"""Waiting for this node's log to grow: one cheap look at the database serves every request that waits."""

from __future__ import annotations

import asyncio
import time

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from sild.exchange.log_models import LogState

LOOK_EVERY_SECONDS = 0.2


class _Look:
    """The newest size of the log, looked up at most once in a while, however many ask."""

    def __init__(self) -> None:
        self.at = float("-inf")
        self.size = 0

    async def size_now(self) -> int:
        """Leaves in the log, known to the last fifth of a second."""
        now = time.monotonic()
        if now - self.at >= LOOK_EVERY_SECONDS:
            self.at = now
            self.size = await sync_to_async(_size, thread_sensitive=False)()
        return self.size


_look = _Look()


def _size() -> int:
    """Leaves in the log."""
    close_old_connections()
    try:
        return LogState.objects.values_list("size", flat=True).first() or 0
    finally:
        close_old_connections()


async def come(have: int, seconds: float) -> bool:
    """Wait until the log has more leaves than `have`; False when it had not within so many seconds.

    Every new leaf counts, also one that is not for who waits: the new checkpoint is news to every witness.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await _look.size_now() > have:
            return True
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return False
