"""Publishing and importing end to end on SQLite: two nodes with databases on disk, every check on, nothing replaced.

Both nodes live in this process and take turns; the network between them is a function call through the wire's own
request handling, so that the figures are those of the code and of the disk. The latency is measured with real TLS by
two running nodes.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import resource
import shutil
import sqlite3
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import Figure
from relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")

RECORDS = int(os.environ.get("SILD_BENCH_RECORDS", "100000"))
SINGLE = 200
BATCH = 500
# An idle poll lasts as long as the partner waits, and a little more.
IDLE_SECONDS = 27
BYTES = 512


class Node:
    """A node with a database, keys and folder of its own, which stands in as Django's default while it acts."""

    def __init__(self, home: Path, name: str) -> None:
        from django.conf import settings
        from django.core.management import call_command
        from django.db.utils import ConnectionHandler

        from sild.node import config as node_config
        from sild.trust.identity import NodeKeys

        NodeKeys.generate(name, now=datetime.now(UTC)).save(home / "keys")
        self.name = name
        self.config = dataclasses.replace(settings.CONFIG, node=name, home=home)
        self.database = ConnectionHandler({"default": node_config.database(self.config)})["default"]
        with self.acting():
            call_command("migrate", verbosity=0)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Be this node."""
        from django.conf import settings
        from django.db import connections

        before, connections["default"] = connections["default"], self.database
        settings.CONFIG = self.config
        try:
            yield
        finally:
            connections["default"] = before


def pinned_pair(folder: Path) -> tuple[Node, Node]:
    """Two nodes that trust each other."""
    from sild.exchange import own, partners
    from sild.people.actor import Actor

    pair = Node(folder / "tallinn", "tallinn"), Node(folder / "kyiv", "kyiv")
    documents = {}
    for node in pair:
        with node.acting():
            documents[node.name] = own.node_keys().identity_document()
    for node, other in (pair, pair[::-1]):
        with node.acting():
            added = partners.add(Actor.operator(), documents[other.name], f"https://{other.name}.example")
            partners.pin(Actor.operator(), other.name, added.fingerprint)
    return pair


@dataclasses.dataclass(slots=True)
class Speed:
    """Records, and what they took: seconds by the clock, and seconds of this process's own core."""

    records: int = 0
    seconds: float = 0.0
    core: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Add what happens inside."""
        clock, core = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - clock
        self.core += time.process_time() - core


def publish(node: Node, number: int, batch: int) -> Speed:
    """Publish records in batches of that size, each under one checkpoint and in one transaction."""
    from sild.exchange import services
    from sild.people.actor import Actor

    draft = services.Draft(
        kind="exchange.comment", subject="bench", body={"text": "x" * BYTES}, tlp="GREEN", audience="partners"
    )
    speed = Speed(number)
    with node.acting(), speed.timed():
        for _ in range(number // batch):
            services.publish_batch(Actor.operator(), [draft] * batch)
    return speed


def carry(source: Node, target: Node) -> tuple[Speed, Speed, float, int]:
    """Fetch and import everything.

    Returns:
        Importing; importing and serving; bytes a record; and the growth of memory in KiB.
    """
    import orjson

    from sild.exchange import outgoing
    from sild.exchange.incoming import import_page
    from sild.exchange.models import Partner

    importing, serving = Speed(), Speed()
    sent = 0
    memory: list[int] = []
    more = True
    while more:
        with target.acting():
            asker = Partner.objects.get(node=source.name)
        with source.acting(), serving.timed():
            page = outgoing.page(
                Partner.objects.get(node=target.name),
                after=asker.position,
                have=asker.their_size,
                urgent=asker.urgent_position,
            )
            data = gzip.compress(orjson.dumps(page), 1)
        with target.acting(), importing.timed():
            got: dict[str, Any] = orjson.loads(gzip.decompress(data))
            importing.records += len(import_page(asker, got).records)
        sent, more = sent + len(data), got["more"]
        memory.append(resident())
    number = importing.records
    both = Speed(number, importing.seconds + serving.seconds, importing.core + serving.core)
    return importing, both, sent / number, max(memory) - memory[len(memory) // 4]


def resident() -> int:
    """KiB of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def running(folder: Path, times: int = 20) -> tuple[list[float], int]:
    """What two running nodes need over real TLS.

    Returns:
        Seconds from publishing until a record is in the other's database, each time; and the bytes on the wire of a
        poll when nothing is new.
    """
    from sild.node.demo_node import DemoNode

    nodes = tallinn, kyiv = DemoNode.make(folder / "a", "tallinn"), DemoNode.make(folder / "b", "kyiv")
    durations = []
    try:
        for node in nodes:
            node.create()
            node.start()
        relay = Relay(tallinn.exchange)
        for node, other, url in ((tallinn, kyiv, kyiv.exchange_url), (kyiv, tallinn, relay.url)):
            node.json("partner", "add", url)
            node.run("partner", "pin", other.name, other.fingerprint)
        ours, theirs = (sqlite3.connect(node.home / "node.sqlite3") for node in nodes)
        for number in range(times):
            words = ("record", "publish", "exchange.comment", "-", "--subject", str(number), "--to", "kyiv", "--json")
            made = json.loads(tallinn.run(*words, text='{"text": "bench"}'))
            durations.append(_travelled(ours, theirs, made))
        ours.close()
        theirs.close()
        size = idle_poll(relay)
    finally:
        for node in nodes:
            node.stop()
    return sorted(durations), size


def idle_poll(relay: Relay) -> int:
    """Bytes of the largest of a few polls that brought nothing new: question and answer, with TLS around them."""
    time.sleep(IDLE_SECONDS)
    since = time.monotonic()
    time.sleep(2 * IDLE_SECONDS)
    relay.close()
    found = relay.polls(since)[:-1]
    if not found:
        raise AssertionError("nobody asked")
    return max(found)


def _travelled(ours: sqlite3.Connection, theirs: sqlite3.Connection, made: dict[str, Any]) -> float:
    """Seconds from the signing of a record's checkpoint to its import at the other node, by this machine's clock."""
    deadline = time.monotonic() + 60
    question = "select received from exchange_record where id = ?"
    while (row := theirs.execute(question, [made["id"].replace("-", "")]).fetchone()) is None:
        if time.monotonic() > deadline:
            raise AssertionError("the record did not arrive")
        time.sleep(0.02)
    signed = ours.execute("select signed from exchange_checkpoint where size = ?", [made["leaf"] + 1]).fetchone()
    return (datetime.fromisoformat(row[0]) - datetime.fromisoformat(signed[0])).total_seconds()


def run() -> list[Figure]:
    """Every figure of this module."""
    import django

    django.setup()
    folder = Path(tempfile.mkdtemp(prefix="sild-bench-"))
    try:
        tallinn, kyiv = pinned_pair(folder)
        single = publish(tallinn, SINGLE, 1)
        batched = publish(tallinn, RECORDS, BATCH)
        importing, both, bytes_each, growth = carry(tallinn, kyiv)
        durations, size = running(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    name = f"{RECORDS:,} records of {BYTES} B"
    return [
        *rates(f"publish {name} in batches of {BATCH}", batched, 2_000),
        *rates(f"publish {SINGLE} records of {BYTES} B one by one", single, None),
        *rates(f"import and verify {name}", importing, 2_000),
        *rates(f"serve, import and verify a backlog of {RECORDS:,}", both, 1_000),
        Figure("bytes on the wire per record, compressed", bytes_each, "B"),
        Figure(f"growth of memory over the last three quarters of {RECORDS:,} imports", growth / 1024, "MiB", 32),
        Figure("a poll when nothing is new, on the wire with TLS", float(size), "B", 1_000),
        Figure("publish to visible at partner, median", durations[len(durations) // 2], "s"),
        Figure("publish to visible at partner, p95", durations[int(len(durations) * 0.95)], "s", 1.0),
    ]


def rates(name: str, speed: Speed, target: float | None) -> list[Figure]:
    """Records a second by the clock, and for each second that the core was ours."""
    return [
        Figure(name, speed.records / speed.seconds, "records/s", target, "higher"),
        Figure(f"{name}, per second of one core", speed.records / speed.core, "records/s", target, "higher"),
    ]
