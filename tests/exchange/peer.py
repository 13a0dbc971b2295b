"""A partner's node in memory: it keeps a real log with real keys, and can be told to lie."""

from __future__ import annotations

import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime

from sild.exchange.numbering import link
from sild.exchange.outgoing import seal_context
from sild.trust import tree
from sild.trust.checkpoint import Checkpoint, sign_checkpoint
from sild.trust.record import Header, build_record, parse_record, uuid7
from sild.trust.seal import seal


class Peer:
    def __init__(self, keys):
        self.keys = keys
        self.tree = tree.Tree(tree.MemoryTiles())
        self.leaves = []
        self.entries = []
        self.chain = bytes(32)

    def header(self, **changes):
        values = {
            "id": str(uuid7()),
            "kind": "exchange.comment",
            "version": 1,
            "suite": "sild-2026",
            "issuer": "kyiv",
            "subject": "a comment",
            "issued": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tlp": "GREEN",
            "audience": "partners",
            "salt": urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode(),
        }
        return Header(**{**values, **changes})

    def publish(self, body=None, **changes):
        """Log a record and number it for tallinn; returns its canonical bytes."""
        return self.number(build_record(self.header(**changes), {"text": "hello"} if body is None else body))

    def number(self, raw):
        self.leaves.append(tree.leaf_hash(raw))
        self.tree.append(len(self.leaves) - 1, [self.leaves[-1]])
        self.chain = link(self.chain, self.leaves[-1].hex())
        self.entries.append((raw, len(self.leaves) - 1, self.chain))
        return raw

    def checkpoint(self, size=None):
        size = len(self.leaves) if size is None else size
        signed = Checkpoint(self.keys.log_origin, size, self.tree.root(size))
        return sign_checkpoint(self.keys, signed, timestamp=int(time.time()))

    def page(self, *, after=0, have=0, seal_for=None):
        size = len(self.leaves)
        entries = [self.entry(position, size, seal_for) for position in range(after + 1, len(self.entries) + 1)]
        consistency = self.tree.consistency_proof(have, size)
        encoded = [b64encode(node).decode() for node in consistency]
        return {"checkpoint": self.checkpoint(), "consistency": encoded, "entries": entries, "more": False}

    def entry(self, position, size, seal_for=None):
        raw, index, chain = self.entries[position - 1]
        content = {"record": raw.decode()}
        if seal_for is not None:
            context = seal_context(seal_for.node, position)
            content = {"sealed": seal(raw, [seal_for], sender="kyiv", context=context)}
        path = [b64encode(node).decode() for node in self.tree.inclusion_proof(index, size)]
        return {"position": position, "index": index, "path": path, "chain": b64encode(chain).decode(), **content}

    def hash(self, raw):
        return parse_record(raw).hash
