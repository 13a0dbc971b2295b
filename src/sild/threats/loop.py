"""Pulls feeds when their time has come, for as long as the process runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from django.db import close_old_connections

from sild.threats import feeds

if TYPE_CHECKING:
    from collections.abc import Callable

logger = structlog.get_logger(__name__)
LOOK_EVERY_SECONDS = 5.0


def run_forever(stop: Callable[[], bool], look_every: float = LOOK_EVERY_SECONDS) -> None:
    """Look for feeds that are due until `stop` says so; whatever goes wrong with one look, there is a next one."""
    looked = 0.0
    while not stop():
        if time.monotonic() - looked >= look_every:
            close_old_connections()
            try:
                feeds.pull_due(stop)
            except Exception:
                logger.exception("pulling feeds failed")
            looked = time.monotonic()
        time.sleep(min(0.25, look_every))
