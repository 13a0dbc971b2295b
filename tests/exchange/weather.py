"""A simulated network with a clock of its own: links are slow, lose messages, and have power only at times."""

from __future__ import annotations

import gzip
import random

from exchange.simulation import CrashError, Network, Wire
from sild.exchange import kinds, loop
from sild.exchange.client import COSIGNATURE_PATH
from sild.exchange.errors import ExchangeError, LinkDownError
from sild.exchange.loop import WAIT_SECONDS, Heard
from sild.exchange.models import Partner
from sild.exchange.wire import COMPRESS_FROM

# What a request and its answer cost beside the body: HTTP's headers, TLS and TCP.
OVERHEAD_BYTES = 1_000
LATENCY_SECONDS = 0.3
DAY = 86_400.0


class Weather(Network):
    """Time passes only here: by what is carried over a link and by the pauses that the exchange itself makes.

    Attributes:
        now: simulated seconds since the start.
        bytes_per_second: of every link; None when a link takes no time.
        loss: probability that a request is lost, and the same again that its answer is.
        crash: probability that the process that imports dies, at each record and at each of the other stages.
        powered: says for a time until when there is power; None when there is none.
    """

    def __init__(self, folder, made, *, seed=1):
        super().__init__(folder, made)
        self.chance = random.Random(seed)
        self.now = 0.0
        self.bytes_per_second = None
        self.loss = self.crash = 0.0
        self.powered = lambda _now: float("inf")
        self.carried = self.requests = self.crashes = 0

    def carry(self, client, asker, target, method, path, body):
        """One request and its answer, in simulated time."""
        self.requests += 1
        self._spend(LATENCY_SECONDS)
        if path.startswith(COSIGNATURE_PATH):
            self._maybe_die()
        self._maybe_lose("a request")
        status, data = target.answer(asker, method, path, body)[:2]
        if status == 204 and "wait=" in path:
            self._spend(WAIT_SECONDS)
        sent = len(gzip.compress(data, 1)) if len(data) >= COMPRESS_FROM else len(data)
        self.carried += sent
        if self.bytes_per_second:
            self._spend((OVERHEAD_BYTES + len(body or b"") + sent) / self.bytes_per_second)
        self._maybe_lose("an answer")
        return client._read(status, data)

    def listen(self, name, source):
        """What the exchange process does with one partner: ask, import, and say when it asks again."""
        node = self.nodes[name]
        kinds.record_added.connect(self._record_added)
        try:
            with node.acting():
                heard = self._ask(node, Partner.objects.get(node=source))
                pause = loop.attempt(heard, 5.0)
        except CrashError:
            self.crashes += 1
            node.restart()
            pause = 1.0
        finally:
            kinds.record_added.disconnect(self._record_added)
        self.now += pause

    def _ask(self, node, partner):
        """As `loop._listen`, which a thread of its own does, but on this network."""
        client = Wire(self, node, partner)
        start = self.now
        try:
            page = client.index(
                after=partner.position, have=partner.their_size, urgent=partner.urgent_position, wait=WAIT_SECONDS
            )
        except ExchangeError as error:
            return Heard(partner, None, None, error, waited=False)
        return Heard(partner, client, page, None, page is not None or self.now - start > 1)

    def _spend(self, seconds):
        """Let time pass; what is on its way when the power goes is lost, and so is the time until it comes back."""
        end = self.powered(self.now)
        if end is None:
            raise LinkDownError("there is no power")
        self.now += seconds
        if self.now > end:
            self.now = end
            raise LinkDownError("the power went")

    def _maybe_lose(self, what):
        if self.chance.random() < self.loss:
            self.now += 30.0
            raise LinkDownError(f"the simulated link lost {what}")

    def _maybe_die(self):
        if self.chance.random() < self.crash:
            raise CrashError

    def _record_added(self, record, **_):
        """Die at a record that comes in."""
        if record.received is not None:
            self._maybe_die()
