"""Keeping the log in the exchange process: files written, witnesses asked, and what waited for a partner's word signed.

It runs in threads of its own beside `loop`, since a witness that is slow or away must hold up nobody.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog
from django.db import close_old_connections, connection

from sild.exchange import guard, keys, log, tile_files, witnesses
from sild.exchange.client import Client
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError
from sild.exchange.models import Partner
from sild.people.actor import Actor
from sild.trust.errors import TrustError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = structlog.get_logger(__name__)
LOOK_EVERY_SECONDS = 0.25
# Pause after a witness, or all of them, could not be asked.
AGAIN_SECONDS = 5.0
MAX_AGAIN_SECONDS = 300.0
KEYS_EVERY_SECONDS = 3600.0


class Keeper:
    """Looks after the log; one object in a process."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._keys_due = 0.0

    def start(self, stop: Callable[[], bool]) -> threading.Thread:
        """Look after the log in a thread until told to stop."""
        thread = threading.Thread(target=self._run, args=(stop,), daemon=True, name="keeper")
        thread.start()
        return thread

    def look(self) -> None:
        """Do what is due now; what goes wrong is logged and tried again later."""
        self._try("confirm", self._confirm)
        self._try("files", tile_files.bring_up)
        if time.monotonic() >= self._keys_due:
            self._keys_due = time.monotonic() + KEYS_EVERY_SECONDS
            self._try("sealing key", lambda: keys.renew_sealing_key(Actor.operator("job")))
        checkpoint = log.latest()
        for partner in Partner.objects.filter(state=PartnerState.PINNED) if checkpoint else ():
            if checkpoint and partner.node not in self._busy and witnesses.cosigned_size(partner) < checkpoint.size:
                self._in_thread(partner)

    def _run(self, stop: Callable[[], bool]) -> None:
        while not stop():
            close_old_connections()
            try:
                self.look()
            except Exception:
                logger.exception("the log could not be looked after")
            time.sleep(LOOK_EVERY_SECONDS)
        connection.close()

    def _confirm(self) -> None:
        """Sign what waits: when this machine ran on, or when partners said how far they saw us."""
        if guard.may_sign():
            if log.unsigned():
                witnesses.confirm(Actor.operator("job"), said_by=[])
            return
        said_by = witnesses.ask_all()
        if not said_by:
            raise ExchangeError("No partner could be asked how far it saw this node's log; nothing is signed yet.")
        size = witnesses.confirm(Actor.operator("job"), said_by=said_by)
        logger.info("log confirmed", size=size, by=said_by)

    def _in_thread(self, partner: Partner) -> None:
        """Ask a witness without waiting for it."""
        if time.monotonic() >= self._due.get(f"witness {partner.node}", 0.0):
            self._busy.add(partner.node)
            threading.Thread(target=self._ask, args=(partner,), daemon=True).start()

    def _ask(self, partner: Partner) -> None:
        """Ask one witness to cosign."""
        try:
            self._try(f"witness {partner.node}", lambda: _cosign(partner))
        finally:
            connection.close()
            self._busy.discard(partner.node)

    def _try(self, what: str, do: Callable[[], object]) -> None:
        """Do it if it is due; after a failure less and less often."""
        if time.monotonic() < self._due.get(what, 0.0):
            return
        try:
            do()
        except (ExchangeError, TrustError, OSError) as error:
            failures = self._failures[what] = self._failures.get(what, 0) + 1
            self._due[what] = time.monotonic() + min(AGAIN_SECONDS * 2 ** (failures - 1), MAX_AGAIN_SECONDS)
            logger.warning("log keeping failed", what=what, why=str(error))
        else:
            self._failures.pop(what, None)


def _cosign(partner: Partner) -> None:
    """Hand our newest checkpoint to a partner."""
    with Client.to(partner) as client:
        witnesses.ask_to_cosign(client, partner)
