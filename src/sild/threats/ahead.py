"""The page after the one that was asked for, read while the client is busy with this one.

A page is remembered by the store's position, by what the reader may see and by what is asked for. Whatever changes in
the store moves the position on, so what was read ahead is given only while reading it again would give the same.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sild.threats import pages, store

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sild.threats.access import Access
    from sild.threats.pages import Filter

# Bytes of pages that wait for being asked for.
MOST_BYTES = 16 * 1024 * 1024
# A page that takes longer to be read is read twice rather than waited for.
PATIENCE_SECONDS = 1.0


class Ahead:
    """Envelopes that were read ahead, each until it is asked for or too many others wait."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most, self._size = most, 0
        self._waiting: OrderedDict[Hashable, pages.Envelope] = OrderedDict()
        self._reading: set[Hashable] = set()
        self._changed = threading.Condition()

    def take(self, access: Access, wanted: Filter) -> pages.Envelope:
        """The envelope that waits or is being read, or one read now."""
        if not self._waiting and not self._reading:
            return pages.envelope(pages.objects(access, wanted))
        key = _key(access, wanted)
        with self._changed:
            self._changed.wait_for(lambda: key not in self._reading, PATIENCE_SECONDS)
            found = self._waiting.pop(key, None)
            self._size -= len(found.body) if found else 0
        return found or pages.envelope(pages.objects(access, wanted))

    def read(self, access: Access, wanted: Filter) -> None:
        """Read a page that may be asked for next."""
        # The key first: what is written meanwhile makes the page one for a position that nobody asks for again.
        key = _key(access, wanted)
        self._reading.add(key)
        try:
            self._keep(key, pages.envelope(pages.objects(access, wanted)))
        finally:
            with self._changed:
                self._reading.discard(key)
                self._changed.notify_all()

    def _keep(self, key: Hashable, made: pages.Envelope) -> None:
        """Let a page wait, and forget what waits longest when that is too much."""
        with self._changed:
            self._size += len(made.body) - len(self._waiting.pop(key, _NOTHING).body)
            self._waiting[key] = made
            while self._size > self._most:
                self._size -= len(self._waiting.popitem(last=False)[1].body)


_NOTHING = pages.Envelope(b"", {}, None)
ahead = Ahead()


def following(wanted: Filter, position: int) -> Filter:
    """What a client asks for that goes on after a page."""
    return replace(wanted, after=position)


def _key(access: Access, wanted: Filter) -> Hashable:
    """Everything that the envelope depends on."""
    position = tuple(store.execute("SELECT position FROM threats_sequencer"))
    asked: list[Any] = [wanted.after, wanted.words, wanted.limit]
    asked += [tuple(values) for values in (wanted.ids, wanted.kinds, wanted.spec_versions, wanted.stamps)]
    return (position, access.collection.pk, int(access.ceiling), *asked)
