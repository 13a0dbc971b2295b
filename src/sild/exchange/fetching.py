"""Files are fetched by a thread for each partner, so that a large one on a thin link holds up no record."""

from __future__ import annotations

import random
import threading
import time

import structlog
from django.db import close_old_connections, connections

from sild.exchange import transfer
from sild.exchange.client import Client
from sild.exchange.errors import ExchangeError
from sild.exchange.models import Partner

logger = structlog.get_logger(__name__)
MAX_BACKOFF_SECONDS = 300.0


class Fetching:
    """Which partners' files are being fetched, and when a failed one is tried again.

    Args:
        seconds: the first pause after a failure; it doubles with each further one.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[str, threading.Thread] = {}
        self._failures: dict[str, int] = {}
        self._due: dict[str, float] = {}

    def tend(self, partner: Partner) -> None:
        """Fetch the partner's missing files in a thread, unless one does so, or the last failure is too recent."""
        running = self._running.get(partner.node)
        if running is not None and running.is_alive():
            return
        if time.monotonic() >= self._due.get(partner.node, 0.0) and transfer.missing(partner).exists():
            thread = threading.Thread(target=self._fetch, args=(partner,), daemon=True)
            self._running[partner.node] = thread
            thread.start()

    def _fetch(self, partner: Partner) -> None:
        """Fetch over a link of its own; a failure is kept on the partner."""
        close_old_connections()
        try:
            with Client.to(partner) as client:
                transfer.fetch_all(client, partner)
        except ExchangeError as error:
            self._failed(partner, error)
        else:
            self._failures.pop(partner.node, None)
        finally:
            connections.close_all()

    def _failed(self, partner: Partner, error: ExchangeError) -> None:
        """Say so, and wait longer after each failure in a row, with jitter."""
        count = self._failures[partner.node] = self._failures.get(partner.node, 0) + 1
        wait = min(self._seconds * 2 ** min(count - 1, 10), MAX_BACKOFF_SECONDS)
        self._due[partner.node] = time.monotonic() + wait * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads load
        logger.warning("files not fetched", partner=partner.node, code=error.code, why=str(error))
        Partner.objects.filter(pk=partner.pk).update(last_error=str(error))
