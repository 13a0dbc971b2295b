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

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")

RECORDS = int(os.environ.get("SILD_BENCH_RECORDS", "20000"))
BATCH = 500
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


def publish(node: Node, number: int) -> float:
    """Publish records in batches; returns records per second."""
    from sild.exchange import services
    from sild.people.actor import Actor

    draft = services.Draft(
        kind="exchange.comment", subject="bench", body={"text": "x" * BYTES}, tlp="GREEN", audience="partners"
    )
    start = time.perf_counter()
    with node.acting():
        for _ in range(number // BATCH):
            services.publish_batch(Actor.operator(), [draft] * BATCH)
    return number / (time.perf_counter() - start)


def carry(source: Node, target: Node) -> tuple[float, float, float, int]:
    """Fetch and import everything; returns records/s imported, records/s with serving, bytes a record, peak growth."""
    import orjson

    from sild.exchange import outgoing
    from sild.exchange.incoming import import_page
    from sild.exchange.models import Partner

    served = imported = 0.0
    sent = number = 0
    memory: list[int] = []
    more = True
    while more:
        with target.acting():
            asker = Partner.objects.get(node=source.name)
        start = time.perf_counter()
        with source.acting():
            page = outgoing.page(Partner.objects.get(node=target.name), after=asker.position, have=asker.their_size)
            data = gzip.compress(orjson.dumps(page), 1)
        served += time.perf_counter() - start
        start = time.perf_counter()
        with target.acting():
            got: dict[str, Any] = orjson.loads(gzip.decompress(data))
            number += len(import_page(asker, got).records)
        imported += time.perf_counter() - start
        sent, more = sent + len(data), got["more"]
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    settled = memory[len(memory) // 4]
    return number / imported, number / (imported + served), sent / number, memory[-1] - settled


def poll(source: Node, target: Node) -> int:
    """Bytes of request and answer, without TLS, when there is nothing new."""
    from sild.exchange import outgoing
    from sild.exchange.client import INDEX_PATH
    from sild.exchange.models import Partner

    with target.acting():
        asker = Partner.objects.get(node=source.name)
    with source.acting():
        page = outgoing.page(Partner.objects.get(node=target.name), after=asker.position, have=asker.their_size)
    if page is not None:
        raise AssertionError("there was something new")
    path = f"GET {INDEX_PATH}?after={asker.position}&have={asker.their_size}&wait=25 HTTP/1.1\r\n"
    headers = "Host: 127.0.0.1:8443\r\naccept-encoding: gzip\r\nuser-agent: python-urllib3/2.8.0\r\n\r\n"
    answer = "HTTP/1.1 204 No Content\r\ncache-control: no-store\r\nServer: sild\r\n\r\n"
    return len(path + headers + answer)


def latency(folder: Path, times: int = 20) -> list[float]:
    """Seconds from publishing on one running node until the record is in the other's database, over real TLS."""
    from sild.node.demo_node import DemoNode

    nodes = tallinn, kyiv = DemoNode.make(folder / "a", "tallinn"), DemoNode.make(folder / "b", "kyiv")
    durations = []
    try:
        for node in nodes:
            node.create()
            node.start()
        for node, other in ((tallinn, kyiv), (kyiv, tallinn)):
            node.json("partner", "add", other.exchange_url)
            node.run("partner", "pin", other.name, other.fingerprint)
        ours, theirs = (sqlite3.connect(node.home / "node.sqlite3") for node in nodes)
        for number in range(times):
            words = ("record", "publish", "exchange.comment", "-", "--subject", str(number), "--to", "kyiv", "--json")
            made = json.loads(tallinn.run(*words, text='{"text": "bench"}'))
            durations.append(_travelled(ours, theirs, made))
        ours.close()
        theirs.close()
    finally:
        for node in nodes:
            node.stop()
    return sorted(durations)


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
        published = publish(tallinn, RECORDS)
        imported, whole, bytes_each, growth = carry(tallinn, kyiv)
        size = poll(tallinn, kyiv)
        durations = latency(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    name = f"{RECORDS:,} records of {BYTES} B"
    return [
        Figure(f"publish {name} in batches of {BATCH}", published, "records/s", 2_000, "higher"),
        Figure(f"import and verify {name}", imported, "records/s", 2_000, "higher"),
        Figure(f"serve, import and verify a backlog of {RECORDS:,}", whole, "records/s", 1_000, "higher"),
        Figure("bytes on the wire per record, compressed", bytes_each, "B"),
        Figure("growth of peak memory over the last three quarters of the import", growth / 1024, "MiB", 32),
        Figure("a poll when nothing is new", float(size), "B", 1_000),
        Figure("publish to visible at partner, median", durations[len(durations) // 2], "s"),
        Figure("publish to visible at partner, p95", durations[int(len(durations) * 0.95)], "s", 1.0),
    ]
