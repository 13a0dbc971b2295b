"""Real nodes in one process, each with a database, keys and folder of its own; the network between them is simulated.

Nothing of the node is replaced but the socket. A node's database stands in as Django's default connection while that
node acts, so that services, transactions, the wire and the import run as they do in production.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime

import orjson
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import connections
from django.db.utils import ConnectionHandler

import prepared
from sild.exchange import own, partners, pull, wire
from sild.exchange.client import ATTACHMENT_PATH, INDEX_PATH, Client, _part
from sild.exchange.errors import LinkDownError
from sild.exchange.models import Partner
from sild.people.actor import Actor
from sild.trust.identity import NodeKeys
from sild.trust.tls import _credentials

NAMES = ("kyiv", "riga", "tallinn")
MEMORY = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


class CrashError(BaseException):
    """The process died here; nothing may catch this."""


def rows(sql):
    """What the default database answers, in plain SQL: a machine that looks after every step cannot afford models."""
    with connections["default"].cursor() as cursor:
        return cursor.execute(sql).fetchall()


def connection():
    """A database of its own, in memory, that calls itself the default."""
    return ConnectionHandler({"default": dict(MEMORY)})["default"]


@contextmanager
def default_is(database):
    """Let a database stand in as the default one."""
    before = connections["default"]
    connections["default"] = database
    try:
        yield
    finally:
        connections["default"] = before


def make(folder, names=NAMES):
    """What every network starts from: keys for each node, in folders of their own, and an empty database."""
    for name in names:
        NodeKeys.generate(name, now=datetime.now(UTC)).save(folder / name / "keys")
    return folder, prepared.database().read_bytes()


class Node:
    def __init__(self, name, folder, keys, empty):
        self.name = name
        home = folder / name
        home.mkdir(parents=True)
        (home / "keys").symlink_to(keys / name / "keys")
        self._config = dataclasses.replace(settings.CONFIG, node=name, home=home)
        self._database = connection()
        self._database.ensure_connection()
        self._database.connection.deserialize(empty)
        with self.acting():
            self.keys = own.node_keys()
        certificate = _credentials(name, self.keys.tls.seed)[0].public_bytes(Encoding.PEM).decode()
        self._tls = {"client_cert_chain": [certificate]}

    @contextmanager
    def acting(self):
        """Be this node."""
        before, settings.CONFIG = settings.CONFIG, self._config
        try:
            with default_is(self._database):
                yield
        finally:
            settings.CONFIG = before

    def close(self):
        self._database.connection.close()

    def restart(self):
        """Start again from what was committed: another connection, and nothing remembered."""
        kept = self._database.connection.serialize()
        self.close()
        self._database = connection()
        self._database.ensure_connection()
        self._database.connection.deserialize(kept)
        own._load.cache_clear()

    def answer(self, asker, method, path, body, headers=()):
        """What this node answers to a request that came over the asker's TLS link."""
        path, _, query = path.partition("?")
        scope = {
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": headers,
            "extensions": {"tls": asker._tls},
        }
        with self.acting():
            return wire._answer(scope, body or b"")


class Wire(Client):
    """A client whose link is the simulated network."""

    def __init__(self, network, asker, partner):
        self._network, self._asker, self._target = network, asker, network.nodes[partner.node]
        self._url = partner.url

    def __exit__(self, *_):
        return None

    def close(self):
        """There is nothing to close."""

    def _call(self, method, path, body=None):
        return self._network.carry(self, self._asker, self._target, method, path, body)

    @contextmanager
    def part(self, record_id, blob, start, tag):
        path = f"{ATTACHMENT_PATH}?record={record_id}&blob={blob}"
        asked = [(b"range", f"bytes={start}-".encode()), *([(b"if-match", f'"{tag}"'.encode())] if tag else [])]
        data, headers = self._network.carry_part(self, self._asker, self._target, path, asked)
        yield _part(self._url, headers, start, iter([data]))


class Network:
    """Carries requests, or does not; keeps what it saw so that it can be played again."""

    def __init__(self, folder, made, *, watch=lambda *_: None, names=NAMES, apart=frozenset()):
        """Every two nodes are pinned to each other, but for the pairs that are `apart`."""
        keys, empty = made
        self.nodes = {name: Node(name, folder, keys, empty) for name in names}
        self.cut = set()
        self.lose = defaultdict(int)
        self.seen = defaultdict(list)
        self._watch = watch
        for node in self.nodes.values():
            with node.acting():
                for other in self.nodes.values():
                    if other is not node and frozenset({node.name, other.name}) not in apart:
                        _meet(other)

    def close(self):
        for node in self.nodes.values():
            node.close()

    def pull(self, name, source):
        """One round of one node with another, as the exchange process does it."""
        node = self.nodes[name]
        with node.acting():
            partner = Partner.objects.get(node=source)
            return pull.pull_with(Wire(self, node, partner), partner)

    def carry(self, client, asker, target, method, path, body):
        """One request and its answer, over a link that may be cut or lose the answer."""
        pair = frozenset({asker.name, target.name})
        if pair in self.cut:
            raise LinkDownError("the simulated link is cut")
        status, data = target.answer(asker, method, path, body)[:2]
        if path.startswith(INDEX_PATH) and status == 200:
            page = orjson.loads(data)
            self._watch(asker, target, page)
            self.seen[asker.name, target.name].append(page)
        if self.lose[pair]:
            self.lose[pair] -= 1
            raise LinkDownError("the simulated link lost an answer")
        return client._read(status, data)

    def carry_part(self, client, asker, target, path, asked):
        """As `carry`, for a part of a file, with the headers of the answer."""
        pair = frozenset({asker.name, target.name})
        if pair in self.cut:
            raise LinkDownError("the simulated link is cut")
        answer = target.answer(asker, "GET", path, None, asked)
        status, data = answer[:2]
        if self.lose[pair]:
            self.lose[pair] -= 1
            raise LinkDownError("the simulated link lost an answer")
        client._read(status, data)
        return data, {name.decode(): value.decode() for name, value in answer[4]}


def _meet(other):
    """Add and pin the other node here."""
    operator = Actor.operator()
    partner = partners.add(operator, other.keys.identity_document(), f"https://{other.name}.example")
    partners.pin(operator, other.name, partner.fingerprint)
