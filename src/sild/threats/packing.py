"""Answers packed with gzip; what was packed a while ago is remembered, because pollers ask for the same pages."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections import OrderedDict

# A smaller answer would not gain by compression.
PACK_FROM = 1024
MOST_REMEMBERED = 16 * 1024 * 1024
GZIP = 16 + zlib.MAX_WBITS


class Packer:
    """Packs bytes; remembers by their digest what it packed, up to so many packed bytes, the latest asked for."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most, self._size = most, 0
        self._known: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def pack(self, body: bytes) -> bytes:
        """The body in gzip's format (RFC 1952)."""
        digest = hashlib.sha256(body).digest()
        with self._lock:
            if digest in self._known:
                self._known.move_to_end(digest)
                return self._known[digest]
        packer = zlib.compressobj(1, zlib.DEFLATED, GZIP)
        packed = packer.compress(body) + packer.flush()
        self._remember(digest, packed)
        return packed

    def _remember(self, digest: bytes, packed: bytes) -> None:
        """Keep it, and forget what was asked for longest ago when that is too much."""
        with self._lock:
            if digest not in self._known:
                self._known[digest] = packed
                self._size += len(packed)
            while self._size > self._most:
                self._size -= len(self._known.popitem(last=False)[1])
