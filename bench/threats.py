"""The threat store over HTTP: a node's web process on SQLite, asked by one client; peers get the same in the same run.

Two nodes run: one with ATT&CK alone, and one with as many objects as `SILD_BENCH_OBJECTS` says: 100,000 when it says
nothing, 1,000,000 for the figures that the project states. Filling that takes minutes; `SILD_BENCH_STORE` names a
folder where it is kept for the next time. `SILD_BENCH_ATTACK` says where ATT&CK as STIX lies; without it a made bundle
of the same shape is used. Every client here is the same one, and its own work (reading and parsing each page) counts as
time of the server and of the peer alike. OpenTAXII 0.9.3 is run with one line mended: see `threats_opentaxii`.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
import threats_peers
from harness import Figure
from threats_client import FUTURE, Client, basic, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

OBJECTS = int(os.environ.get("SILD_BENCH_OBJECTS", "100000"))
ATTACK = Path(os.environ.get("SILD_BENCH_ATTACK", Path(__file__).parents[2] / "shared/data/attack-enterprise.json.gz"))
ENVELOPE = 2500
# medallion's time grows with the square of its objects.
MEDALLION_OBJECTS = 200
OPENTAXII_OBJECTS = 1000
POLLERS, POLL_SECONDS = 100, 10
TIMES = 41
KEPT = "bench.json"
_IDS = re.compile(rb"--([0-9a-f]{8})(?=-[0-9a-f]{4}-)")
_WORDS = ("powershell", "ransomware", "windows", "credential", "lateral", "registry", "dns", "phishing", "cloud")
SETUP = """
import django, json
django.setup()
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.threats import services
from sild.threats.enums import Level
operator = Actor.operator()
agency = people.create_agency(operator, "Bench", "bench")
secret = people.issue_token(operator, "bench", Role.EDITOR, agency=agency)[1]
made = services.create_collection(operator, "Bench", agency=agency, unmarked_as=Level.GREEN)
print(json.dumps([secret, str(made.pk)]))
"""


def bundle() -> bytes:
    """ATT&CK as it is published, or a bundle of the same shape."""
    if ATTACK.exists():
        return gzip.decompress(ATTACK.read_bytes())
    chance = random.Random(5)
    when = "2025-01-01T00:00:00.000Z"
    common = {"spec_version": "2.1", "created": when, "modified": when}
    techniques: list[dict[str, Any]] = [
        {
            **common,
            "type": "attack-pattern",
            "id": f"attack-pattern--{uuid.UUID(int=chance.getrandbits(128), version=4)}",
            "name": f"Technique {number}",
            "description": " ".join(chance.choices(_WORDS, k=250)),
            "external_references": [{"source_name": "mitre-attack", "external_id": f"T{number}"}],
        }
        for number in range(4700)
    ]
    uses: list[dict[str, Any]] = [
        {
            **common,
            "type": "relationship",
            "id": f"relationship--{uuid.UUID(int=chance.getrandbits(128), version=4)}",
            "relationship_type": "uses",
            "description": " ".join(chance.choices(_WORDS, k=30)),
            "source_ref": chance.choice(techniques)["id"],
            "target_ref": chance.choice(techniques)["id"],
        }
        for _ in range(20_000)
    ]
    return orjson.dumps({"type": "bundle", "objects": techniques + uses})


def copies(data: bytes, have: int) -> Iterator[list[dict[str, Any]]]:
    """The bundle again and again under identifiers of its own, from the second time on with a thousand indicators.

    Args:
        data: the bundle.
        have: how many objects are there already, so that an earlier copy does not come again.
    """
    number = have and 1 + have // 1000
    while True:
        key = (number * 0x9E3779B1) & 0xFFFFFFFF
        changed = _renamed(data, key)
        yield orjson.loads(changed)["objects"] + (_indicators(number) if number else [])
        number += 1


def _renamed(data: bytes, key: int) -> bytes:
    """The bundle with other identifiers, which refer to one another as before."""
    return _IDS.sub(lambda match: b"--%08x" % (int(match[1], 16) ^ key), data)


def _indicators(number: int) -> list[dict[str, Any]]:
    """Indicators of addresses that nobody has."""
    when = "2025-01-01T00:00:00.000Z"
    common = {"type": "indicator", "spec_version": "2.1", "created": when, "modified": when, "valid_from": when}
    values = [f"{number % 256}.{index // 256}.{index % 256}.7" for index in range(1000)]
    return [
        {
            **common,
            "id": f"indicator--{uuid.uuid4()}",
            "name": f"C2 {value}",
            "pattern": f"[ipv4-addr:value = '{value}']",
            "pattern_type": "stix",
        }
        for value in values
    ]


def envelopes(objects: list[dict[str, Any]]) -> list[tuple[bytes, int]]:
    """TAXII envelopes with how many objects each has."""
    parts = [objects[start : start + ENVELOPE] for start in range(0, len(objects), ENVELOPE)]
    return [(orjson.dumps({"objects": part}), len(part)) for part in parts]


class Node:
    """A node's web process; a home folder that an earlier run left is taken as it is.

    Attributes:
        have: how many objects are in its store.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        pages, exchange = f"127.0.0.1:{self.port}", f"127.0.0.1:{free_port()}"
        self.env = {**os.environ, "SILD_HOME": str(home), "SILD_PAGES": pages, "SILD_EXCHANGE": exchange}
        self.env["DJANGO_SETTINGS_MODULE"] = "sild.node.settings"
        if not (home / KEPT).exists():
            self.python("-m", "sild.node.cli", "init", "--node", "bench")
            self.secret, self.collection = json.loads(self.python("-c", SETUP))
            self.keep(0)
        self.secret, self.collection, self.have = json.loads((home / KEPT).read_text())
        self.client = Client(self.port, f"/taxii2/bench/collections/{self.collection}/", basic("bench", self.secret))
        with (home / "web.log").open("wb") as log:
            command = [sys.executable, "-m", "sild.node.part", "web"]
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        while not Client.listens(self.port):
            if self.process.poll() is not None:
                raise AssertionError((home / "web.log").read_text())
            time.sleep(0.1)

    def python(self, *words: str) -> str:
        """What a Python process of this node prints."""
        done = subprocess.run([sys.executable, *words], env=self.env, capture_output=True, text=True, check=True)
        return done.stdout

    def afresh(self) -> Client:
        """A client with a link of its own; the server closes one that was idle for a minute."""
        return Client(self.port, self.client.path, self.client.authorization)

    def keep(self, have: int) -> None:
        """Note what the next run needs to know of the store."""
        self.have = have
        (self.home / KEPT).write_text(json.dumps([self.secret, self.collection, have]))

    def ingest(self, objects: list[dict[str, Any]]) -> float:
        """Objects a second, all of which were taken."""
        rate = self.client.ingest(envelopes(objects))
        self.keep(self.have + len(objects))
        return rate

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(30)

    def cpu_seconds(self) -> float:
        """Processor time so far (proc(5))."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_megabytes(self) -> float:
        """The most memory that it has had (proc(5)), in millions of bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) * 1024 / 1e6


def pollers(node: Node) -> float:
    """Share of a core that so many pollers at one request a second use."""
    own = node.client

    def poll(offset: float) -> None:
        client = Client(own.port, own.path, own.authorization)
        time.sleep(offset)
        for _ in range(POLL_SECONDS):
            started = time.perf_counter()
            client.ask(f"objects/?added_after={FUTURE}")
            time.sleep(max(0.0, 1 - (time.perf_counter() - started)))

    threads = [threading.Thread(target=poll, args=(number / POLLERS,)) for number in range(POLLERS)]
    before, started = node.cpu_seconds(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (node.cpu_seconds() - before) / (time.perf_counter() - started)


def search(node: Node) -> float:
    """95th percentile of searches of every kind over the API, in milliseconds."""
    chance = random.Random(7)
    client = Client(node.port, "/api/v1/threats/", f"Bearer {node.secret}")
    durations = []
    for _ in range(25):
        queries: list[dict[str, str]] = [
            {"text": chance.choice(_WORDS)},
            {"text": f"{chance.choice(_WORDS)} {chance.choice(_WORDS)}"},
            {"type": "malware", "text": chance.choice(_WORDS)},
            {"type": chance.choice(["malware", "indicator", "attack-pattern", "relationship"])},
            {"value": f"{chance.randrange(1, 30)}.0.{chance.randrange(256)}.7"},
            {"technique": chance.choice(["T1059", "T1059.001", "T1003", "T1566.001"])},
            {"actor": chance.choice(["APT28", "APT29", "Sandworm Team", "Turla"])},
        ]
        for query in queries:
            started = time.perf_counter()
            client.ask(f"objects?{urlencode(query)}")
            durations.append(time.perf_counter() - started)
    return sorted(durations)[int(len(durations) * 0.95)] * 1000


def grow(node: Node, data: bytes) -> None:
    """Fill the store up to its size."""
    more = copies(data, node.have)
    while node.have < OBJECTS:
        rate = node.ingest(next(more))
        print(f"{node.have:,} objects, the last at {rate:,.0f}/s", file=sys.stderr, flush=True)


def peer(client: Client, objects: list[dict[str, Any]]) -> dict[str, float]:
    """The same of another server, with as many objects as it bears."""
    size = min(len(objects), 1000)
    figures = {"ingest": client.ingest(envelopes(objects)), "page": client.median(f"objects/?limit={size}", 3)}
    figures["walk"], _number = client.walk()
    figures["poll"] = client.median(f"objects/?added_after={FUTURE}", 5)
    return figures


def peers(folder: Path, objects: list[dict[str, Any]]) -> tuple[dict[str, float], dict[str, float]]:
    """Figures of medallion and of OpenTAXII."""
    with threats_peers.medallion(folder / "medallion") as client:
        medallion = peer(client, objects[:MEDALLION_OBJECTS])
    with threats_peers.opentaxii(folder / "opentaxii") as client:
        # What has no versions, as a marking definition, it answers with 500.
        return medallion, peer(client, [one for one in objects if "modified" in one][:OPENTAXII_OBJECTS])


def small(node: Node, objects: list[dict[str, Any]], folder: Path) -> list[Figure]:
    """Figures with ATT&CK alone, beside the peers'."""
    ingested = node.ingest(objects)
    page, packed = (node.client.median("objects/?limit=1000", TIMES, how) for how in ("identity", "gzip"))
    walked = sorted(node.client.walk()[0] for _ in range(3))[1]
    poll = node.client.median(f"objects/?added_after={FUTURE}", TIMES * 5)
    share = pollers(node)
    print(f"page {page:.1f} ms, walk {walked:,.0f}/s, poll {poll:.2f} ms", file=sys.stderr, flush=True)
    medallion, opentaxii = peers(folder, objects)
    name = f"OpenTAXII 0.9.3, {OPENTAXII_OBJECTS:,} objects"
    other = f"medallion 3.0.0, {MEDALLION_OBJECTS:,} objects"
    return [
        Figure(f"ingest {len(objects):,} objects", ingested, "objects/s", 3000, "higher", name, opentaxii["ingest"]),
        Figure("page of 1,000 objects, median", page, "ms", 20, "lower", name, opentaxii["page"]),
        Figure("page of 1,000 objects, median (2)", page, "ms", 20, "lower", other, medallion["page"]),
        Figure("page of 1,000 objects packed with gzip, median", packed, "ms", 20),
        Figure("full walk", walked, "objects/s", 40_000, "higher", name, opentaxii["walk"]),
        Figure("empty poll, median", poll, "ms", 3, "lower", name, opentaxii["poll"]),
        Figure("empty poll, median (2)", poll, "ms", 3, "lower", other, medallion["poll"]),
        Figure(f"{POLLERS} pollers at one a second", share, "cores", 0.5),
    ]


def large(node: Node, before: Node, data: bytes) -> list[Figure]:
    """Figures at full size; `before` is the node with ATT&CK alone, asked in turn."""
    ratios = []
    early, client = before.afresh(), node.afresh()
    for _ in range(5):
        first = early.median("objects/?limit=1000", TIMES // 4)
        ratios.append(client.median("objects/?limit=1000", TIMES // 4) / first)
    busy, own = node.cpu_seconds(), time.process_time()
    walked, number = client.walk(200_000)
    busy, own = (node.cpu_seconds() - busy) / number * 1e6, (time.process_time() - own) / number * 1e6
    poll = client.median(f"objects/?added_after={FUTURE}", TIMES * 5)
    found = search(node)
    at = f"at {node.have:,} objects"
    node.client = node.afresh()
    ingested = node.ingest(next(copies(data, node.have)))
    return [
        Figure(f"page of 1,000 {at}, against before", sorted(ratios)[2], "times", 1.2),
        Figure(f"ingest {at}", ingested, "objects/s", 3000, "higher"),
        Figure(f"walk of 200,000 {at}", walked, "objects/s", 40_000, "higher"),
        Figure(f"processor time of the server in that walk {at}", busy, "µs/object"),
        Figure("processor time of the client in that walk", own, "µs/object"),
        Figure(f"empty poll {at}, median", poll, "ms", 3),
        Figure(f"search over the API {at}, p95", found, "ms", 200),
        Figure(f"most memory of the server {at}, after all this", node.peak_megabytes(), "MB", 300),
    ]


def run() -> list[Figure]:
    """Every figure of this module."""
    threats_peers.install()
    folder = Path(tempfile.mkdtemp(prefix="sild-bench-"))
    data = bundle()
    nodes: list[Node] = []
    try:
        kept = Path(os.environ.get("SILD_BENCH_STORE", folder / "large"))
        for home in (folder / "small", kept):
            home.mkdir(parents=True, exist_ok=True)
            nodes.append(Node(home))
        grow(nodes[1], data)
        return small(nodes[0], next(copies(data, 0)), folder) + large(nodes[1], nodes[0], data)
    finally:
        for node in nodes:
            node.stop()
        shutil.rmtree(folder, ignore_errors=True)
